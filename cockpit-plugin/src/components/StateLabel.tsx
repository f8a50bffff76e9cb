/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Label } from '@patternfly/react-core/dist/esm/components/Label';
import OffIcon from '@patternfly/react-icons/dist/esm/icons/power-off-icon';

import type { Word } from '../words';

/** a state in a word and a colour; the reason stands beside it where there is one */
export function StateLabel({ word, reason }: { word: Word; reason: string }) {
    return (
        <>
            {word.tone === 'neutral'
                ? <Label isCompact variant="outline" icon={<OffIcon />}>{word.label}</Label>
                : <Label isCompact status={word.tone}>{word.label}</Label>}
            {reason && <div className="rhv-secondary">{reason}</div>}
        </>
    );
}
