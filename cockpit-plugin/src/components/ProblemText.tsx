/* SPDX-License-Identifier: LGPL-2.1-or-later */

import type { Problem } from '../problem';

/** the sentence, and under it the error's name, by which documents and logs call it */
export function ProblemText({ problem }: { problem: Problem }) {
    return (
        <>
            {problem.message !== '' && problem.message !== problem.name && <p>{problem.message}</p>}
            <p className="rhv-error-name">{problem.name}</p>
        </>
    );
}
