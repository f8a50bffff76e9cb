/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Alert, AlertActionLink } from '@patternfly/react-core/dist/esm/components/Alert';
import cockpit from 'cockpit';

import { isAbsence, type Problem } from '../problem';
import { ProblemText } from './ProblemText';

const _ = cockpit.gettext;

/** the service went away; what the page shows was true then */
export function LostAlert({ problem, onRetry }: { problem: Problem | null; onRetry: () => void }) {
    return (
        <Alert
            isInline
            isLiveRegion
            variant="warning"
            title={_("The cluster service is away. What you see may be out of date; the page follows when it is back.")}
            actionLinks={<AlertActionLink onClick={onRetry}>{_("Try now")}</AlertActionLink>}
        >
            {problem && !isAbsence(problem) && <ProblemText problem={problem} />}
        </Alert>
    );
}
