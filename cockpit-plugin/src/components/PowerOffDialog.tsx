/* SPDX-License-Identifier: LGPL-2.1-or-later */

import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core/dist/esm/components/Modal';
import cockpit from 'cockpit';

import type { Vm } from '../model';

const _ = cockpit.gettext;

interface PowerOffDialogProps {
    vm: Vm;
    onConfirm: () => void;
    onCancel: () => void;
}

export function PowerOffDialog({ vm, onConfirm, onCancel }: PowerOffDialogProps) {
    return (
        <Modal isOpen variant="small" onClose={onCancel} aria-labelledby="power-off-title" aria-describedby="power-off-body">
            <ModalHeader titleIconVariant="warning" labelId="power-off-title" title={cockpit.format(_("Power off $0?"), vm.name)} />
            <ModalBody id="power-off-body">
                {_("This is like pulling the plug: what the guest has not written to its disks is lost. Shut it down where you can.")}
            </ModalBody>
            <ModalFooter>
                <Button variant="danger" onClick={onConfirm}>{_("Power off")}</Button>
                <Button variant="link" onClick={onCancel}>{_("Cancel")}</Button>
            </ModalFooter>
        </Modal>
    );
}
