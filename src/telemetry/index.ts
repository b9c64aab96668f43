export type { LogDestination } from './log-file.ts'
export { masked, printUrl } from './mask.ts'
export {
  type AccessLine,
  createTelemetry,
  type LogContext,
  type ServerTelemetry,
  type TelemetryParts,
  type TelemetrySettings,
} from './telemetry.ts'
export { escapeText } from './text-line.ts'
