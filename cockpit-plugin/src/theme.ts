/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Light or dark, as chosen in Cockpit's shell. The shell keeps the choice ("light", "dark", "auto") in the local storage item
 * "shell:style" and sends "cockpit-style" events to the frames; "auto" is the browser's wish.
 */

const DARK = 'pf-v6-theme-dark';

export function followTheme(): void {
    const wish = window.matchMedia('(prefers-color-scheme: dark)');

    function apply(chosen: string | null = localStorage.getItem('shell:style')) {
        const dark = chosen === 'dark' || ((chosen ?? 'auto') === 'auto' && wish.matches);
        document.documentElement.classList.toggle(DARK, dark);
    }

    wish.addEventListener('change', () => apply());
    window.addEventListener('storage', event => {
        if (event.key === 'shell:style')
            apply(event.newValue);
    });
    window.addEventListener('cockpit-style', event => {
        if (event instanceof CustomEvent)
            apply(event.detail?.style);
    });
    apply();
}
