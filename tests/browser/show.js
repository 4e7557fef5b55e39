// arguments: texts, the elements that each is put into, and what to call with the findings.
const [texts, places, done] = arguments;
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const EVENTS = ['click', 'mouseover', 'pointerenter', 'focus', 'focusin', 'error', 'load', 'toggle', 'animationstart', 'begin', 'keydown'];
const LOADS = ['src', 'href', 'xlink:href', 'srcset', 'srcdoc', 'data', 'action', 'formaction', 'background', 'poster', 'ping', 'content'];

const open = (text, index) => {
    const frame = document.createElement('iframe');
    frame.dataset.index = index;
    document.body.append(frame);
    const inside = frame.contentDocument;
    const parents = places.map(place =>
        place === 'svg' ? inside.createElementNS('http://www.w3.org/2000/svg', 'svg') : inside.createElement(place));
    inside.body.append(...parents);
    for (const parent of parents) parent.innerHTML = text;
    return {frame, parents, elements: () => parents.flatMap(parent => [...parent.querySelectorAll('*')])};
};

// What is there that could act, as this browser understands it.
const look = ({frame, elements}) => {
    for (const element of elements()) {
        if (['script', 'style', 'iframe', 'svg', 'math', 'template'].includes(element.localName)) {
            findings.push([frame.dataset.index, `has ${element.localName}`]);
        }
        const {HTMLUnknownElement, SVGElement} = frame.contentWindow;
        const known = ![HTMLUnknownElement, SVGElement].includes(element.constructor);
        for (const {name, value} of element.attributes) {
            // An address that begins with `=` is one of the page's own site.
            const loads = known && LOADS.includes(name) && value && !value.startsWith('=');
            if (/^on[a-z]|^style$/i.test(name) && value || loads) findings.push([frame.dataset.index, `has ${name}=${value}`]);
        }
    }
};

const touch = ({frame, elements}) => {
    const view = frame.contentWindow;
    for (const element of elements()) {
        const own = element.getAttributeNames().filter(name => name.startsWith('on')).map(name => name.slice(2));
        for (const type of new Set([...EVENTS, ...own])) {
            const Kind = type === 'click' ? view.MouseEvent : view.Event;
            element.dispatchEvent(new Kind(type, {bubbles: true, cancelable: true, composed: true, view: type === 'click' ? view : undefined}));
        }
    }
};

// A frame that has gone elsewhere has run something, and it was noted.
const attempt = (action, shown) => {
    try {
        action(shown);
    } catch (error) {
        if (!['SecurityError', 'TypeError'].includes(error.name)) throw error;
    }
};

(async () => {
    findings.length = 0;
    const shown = texts.map(open);
    shown.forEach(each => attempt(look, each));
    shown.forEach(each => attempt(touch, each));
    await pause(250);
    // A page may read its own HTML and write it again: what was harmless must not become something else.
    shown.forEach(each => attempt(({parents}) => parents.forEach(parent => { parent.innerHTML = parent.innerHTML; }), each));
    shown.forEach(each => attempt(look, each));
    shown.forEach(each => attempt(touch, each));
    await pause(250);
    const found = findings.slice();
    shown.forEach(({frame}) => frame.remove());
    done(found);
})();
