export { masked, printUrl } from './mask.ts'
export { createTelemetry, type ServerTelemetry } from './telemetry.ts'
export { escapeText } from './text-line.ts'
