// Three signals, each its own rhythm, so that they differ for the half-deaf too: done is one short
// high tone, "do something" two, "not done" one long low one. Never two signals for one scan.

const TONES = { green: [[880, 0.09]], amber: [[660, 0.08], [660, 0.08]], red: [[220, 0.28]] };
const LOUDEST = 0.4;
let audio;

function loudness() {
  const typed = document.getElementById("volume")?.value;
  const kept = document.querySelector("[data-volume]")?.dataset.volume;
  return (Math.min(100, Math.max(0, Number(typed ?? kept ?? 60))) / 100) * LOUDEST;
}

function play(tone) {
  const strength = loudness();
  if (!strength) return;
  try {
    audio ??= new AudioContext();
    let at = audio.currentTime;
    for (const [pitch, length] of TONES[tone] || []) {
      const voice = audio.createOscillator();
      const volume = audio.createGain();
      volume.gain.value = strength;
      voice.frequency.value = pitch;
      voice.connect(volume).connect(audio.destination);
      voice.start(at);
      voice.stop(at + length);
      at += length + 0.05;
    }
  } catch { /* a desk without loudspeakers is a desk too */ }
}

document.addEventListener("sen:sound", (event) => play(event.detail));
for (const line of document.querySelectorAll("[data-tries]")) line.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-sounds]");
  if (button) play(button.dataset.sounds);
});
