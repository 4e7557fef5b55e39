// Evaluated in every document before anything of its own: whatever a script does first, the top page hears of it.
(() => {
    const tell = what => {
        let index = -1;
        try {
            let frame = window;
            while (frame.parent !== frame.top) frame = frame.parent;
            index = Number(frame.frameElement.dataset.index);
            window.top.findings.push([index, what]);
        } catch {
            // Of another origin: which frame it is in, only the page itself can see.
            window.top.postMessage(what, '*');
        }
    };
    const hook = (owner, name) => {
        if (owner) owner[name] = () => tell(`ran ${name}`);
    };
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch', 'eval', 'XMLHttpRequest', 'WebSocket', 'EventSource',
        'Worker', 'Image', 'Audio']) hook(window, name);
    for (const name of Object.keys(console)) hook(console, name);
    hook(Navigator.prototype, 'sendBeacon');
    hook(Document.prototype, 'write');
    hook(Document.prototype, 'writeln');
    if (window === window.top) {
        window.findings = [];
        window.addEventListener('message', event => window.findings.push([-1, String(event.data)]));
        window.navigation.addEventListener('navigate', event => {
            window.findings.push([-1, `ran navigation to ${event.destination.url}`]);
            if (event.cancelable) event.preventDefault();
        });
    }
})();
