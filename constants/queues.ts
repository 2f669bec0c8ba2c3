/** Queues that every Frappe has, and their time limits in seconds (frappe/utils/background_jobs.py). */
export const standardQueues: Readonly<Record<string, number>> = { short: 300, default: 300, long: 1500 };
