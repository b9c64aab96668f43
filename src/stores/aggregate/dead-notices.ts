/** Dead notices that an outbox keeps: an app that is gone for good must not fill the disk. */
export const maxDeadNotices = 10_000
