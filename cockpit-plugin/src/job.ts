/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Waiting for a job's end. A job outlives the connection: when the service comes back, it is asked again. */

import { jobFrom } from './model';
import { isAway, type Problem } from './problem';
import type { Dict } from './values';

export interface JobSource {
    /** properties of the job; rejects with a Problem when there is none, or nobody to ask */
    readJob(path: string): Promise<Dict>;
    /** calls back whenever the object may have changed; returns what ends that */
    watchObject(path: string, changed: () => void): () => void;
}

const ended = new Set(['done', 'failed', 'aborted']);

/**
 * Resolves when the job is done; rejects with a Problem when it failed, was aborted or is not there any more. There is no
 * time limit here: the service ends its jobs.
 */
export function jobDone(source: JobSource, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const stop = source.watchObject(path, look);

        function finish(problem: Problem | null) {
            stop();
            if (problem)
                reject(problem);
            else
                resolve();
        }

        function look() {
            source.readJob(path).then(
                properties => {
                    const job = jobFrom(properties);
                    if (ended.has(job.state))
                        finish(job.state === 'done' ? null : { name: job.errorName, message: job.errorMessage || job.errorName });
                },
                (problem: Problem) => {
                    // told again when the service is back
                    if (!isAway(problem))
                        finish(problem);
                });
        }

        look();
    });
}
