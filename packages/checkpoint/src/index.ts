export { Pod, SpawnError } from "./pod.ts";
export type { NewPodOptions, ParkedConnection, PodOptions, PodProcess, PodProgram } from "./pod.ts";
export type { BoxExit } from "./box.ts";
export { damagedFilesOf, formatVersion, listImages, obstacleOf, openImage, removeImage } from "./image.ts";
export type { Image, Machine, Manifest } from "./image.ts";
export { findTools } from "./tools.ts";
export type { Missing, Tools } from "./tools.ts";
export { diagnose, probe } from "./doctor.ts";
export type { Diagnosis, Finding } from "./doctor.ts";
