// A photo from the webcam: the picture taken fills the file box, so that the form is sent as ever.
const form = document.querySelector("[data-photo]");
const open = form?.querySelector("[data-open]");
const part = form?.querySelector("[data-camera]");

if (form && navigator.mediaDevices?.getUserMedia) {
  const [video, canvas] = [part.querySelector("video"), part.querySelector("canvas")];
  const say = part.querySelector("[data-say]");
  let stream = null;

  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  };

  open.hidden = false;
  open.addEventListener("click", async () => {
    part.hidden = false;
    video.hidden = false;
    canvas.hidden = true;
    say.textContent = "";
    try {
      stream ??= await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: 1280 } });
      video.srcObject = stream;
      await video.play();
      part.querySelector("[data-shoot]").focus();
    } catch {
      say.textContent = say.dataset.refused;
    }
  });

  part.querySelector("[data-shoot]").addEventListener("click", () => {
    if (!stream || !video.videoWidth) return;
    // the middle of what the camera sees, as high as it is, in 3 to 4
    const height = Math.min(video.videoHeight, (video.videoWidth * 4) / 3);
    const width = (height * 3) / 4;
    const [x, y] = [(video.videoWidth - width) / 2, (video.videoHeight - height) / 2];
    canvas.getContext("2d").drawImage(video, x, y, width, height, 0, 0, canvas.width, canvas.height);
    video.hidden = true;
    canvas.hidden = false;
    stop();
    canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "webcam.jpg", { type: "image/jpeg" }));
      form.querySelector("input[type=file]").files = files.files;
      say.textContent = say.dataset.taken;
    }, "image/jpeg", 0.92);
  });

  addEventListener("pagehide", stop);
}
