/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Alert, AlertActionCloseButton } from '@patternfly/react-core/dist/esm/components/Alert';
import cockpit from 'cockpit';

import type { Failure } from '../hooks';
import { isRefusal } from '../problem';
import { ProblemText } from './ProblemText';

const _ = cockpit.gettext;

/** an action that did not work: who said no, why, and the way out */
export function FailureAlert({ failure, onDismiss }: { failure: Failure; onDismiss: (id: number) => void }) {
    return (
        <Alert
            isInline
            isLiveRegion
            variant="danger"
            title={failure.title}
            actionClose={<AlertActionCloseButton aria-label={_("Close this message")} onClose={() => onDismiss(failure.id)} />}
        >
            <ProblemText problem={failure.problem} />
            {isRefusal(failure.problem) &&
                <p>{_("You are not permitted to do this. Switch on administrative access at the top of the page, or ask an administrator.")}</p>}
        </Alert>
    );
}
