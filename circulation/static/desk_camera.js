// The camera of a phone or laptop as scanner. Where the browser reads codes itself it does; else its
// pictures go to the server. Without a camera (a page from plain http) a photo can be taken.

const dialog = document.getElementById("camera");
const video = dialog?.querySelector("video");
const said = dialog?.querySelector(".camera__said");
const photo = dialog?.querySelector("input[type=file]");
const button = document.querySelector("[data-camera]");
const token = () => document.querySelector("[name=csrf_token]")?.value ?? "";
const PAUSE = 1500; // the same code again within this is the same book before the lens
const EVERY = 350;
let stream = null;
let last = { text: "", at: 0 };

function scanned(text) {
  const now = Date.now();
  if (!text || (text === last.text && now - last.at < PAUSE)) { last.at = now; return; }
  last = { text, at: now };
  said.textContent = text;
  document.dispatchEvent(new CustomEvent("sen:scan", { detail: text }));
}

async function onServer(blob) {
  const data = new FormData();
  data.set("csrf_token", token());
  data.set("photo", blob, "photo.jpg");
  const answer = await fetch(dialog.dataset.cameraUrl, { method: "POST", body: data, credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
  const facts = await answer.json();
  if (!answer.ok) { said.textContent = facts.detail ?? ""; return; }
  scanned(facts.codes[0]);
}

async function reader() {
  if (!("BarcodeDetector" in window)) return null;
  const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
  const wanted = ["code_128", "code_39", "ean_13", "qr_code", "itf", "codabar"].filter((f) => known.includes(f));
  return wanted.length ? new BarcodeDetector({ formats: wanted }) : null;
}

function frame() {
  const canvas = document.createElement("canvas");
  const scale = Math.min(1, 960 / (video.videoWidth || 960));
  canvas.width = video.videoWidth * scale;
  canvas.height = video.videoHeight * scale;
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
}

async function look() {
  const detector = await reader();
  while (stream) {
    if (video.readyState >= 2) {
      try {
        if (detector) scanned((await detector.detect(video))[0]?.rawValue);
        else { const picture = await frame(); if (picture && stream) await onServer(picture); }
      } catch { /* the next picture may be better */ }
    }
    await new Promise((done) => setTimeout(done, EVERY));
  }
}

async function open() {
  dialog.showModal();
  said.textContent = "";
  if (!navigator.mediaDevices?.getUserMedia) { video.hidden = true; said.textContent = dialog.dataset.none; return; }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    video.hidden = false;
    video.srcObject = stream;
    await video.play();
    look();
  } catch { video.hidden = true; said.textContent = dialog.dataset.none; }
}

if (dialog && button) {
  button.hidden = false;
  button.addEventListener("click", open);
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    (document.querySelector("[data-takes-scans]") ?? document.getElementById("scan"))?.focus({ preventScroll: true });
  });
  photo.addEventListener("change", async () => {
    if (photo.files[0]) await onServer(photo.files[0]).catch(() => null);
    photo.value = "";
  });
}
