/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import {
    EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter,
} from '@patternfly/react-core/dist/esm/components/EmptyState';
import { PageSection } from '@patternfly/react-core/dist/esm/components/Page';
import { Spinner } from '@patternfly/react-core/dist/esm/components/Spinner';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import cockpit from 'cockpit';

import { SERVICE } from '../model';
import { isAbsence, type Problem } from '../problem';
import { ProblemText } from './ProblemText';

const _ = cockpit.gettext;

/** nothing is known yet: the first answer is awaited, or there is none and it is tried again and again */
export function Connecting({ problem, onRetry }: { problem: Problem | null; onRetry: () => void }) {
    if (!problem)
        return (
            <PageSection hasBodyWrapper={false} isFilled>
                <EmptyState titleText={_("Loading")} headingLevel="h1" icon={Spinner} />
            </PageSection>
        );
    return (
        <PageSection hasBodyWrapper={false} isFilled>
            <EmptyState titleText={_("The cluster service does not answer")} headingLevel="h1" icon={ExclamationCircleIcon} status="danger">
                <EmptyStateBody>
                    {isAbsence(problem)
                        ? <p>{cockpit.format(_("$0 is not installed on this host, or systemd cannot start it."), SERVICE)}</p>
                        : null}
                    <ProblemText problem={problem} />
                </EmptyStateBody>
                <EmptyStateFooter>
                    <EmptyStateActions>
                        <Button variant="primary" onClick={onRetry}>{_("Try again")}</Button>
                    </EmptyStateActions>
                </EmptyStateFooter>
            </EmptyState>
        </PageSection>
    );
}
