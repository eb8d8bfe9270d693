export default async function stop() {
  await globalThis.newScienceSite?.stop();
}
