// What is wrong with the wall on the screen, and how many projects it tells of.
({
  faults: () => {
    const faults = [];
    const unit = Math.min(innerWidth, innerHeight) / 100;
    const seen = node => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
    const all = selector => [...document.querySelectorAll(selector)].filter(seen);
    const tell = (what, node) => faults.push(`${what}: ${node.className} “${node.textContent.slice(0, 40)}”`);
    const page = document.scrollingElement;
    if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) faults.push("the page scrolls");

    // Boxes: everything inside the screen, wherever all of it is moved to against burn-in; none over another.
    const moved = new DOMMatrix(getComputedStyle(document.getElementById("wall")).transform), reach = unit / 2 - 0.5;
    const boxes = all(".trouble, .more, .chip, .head > *, .figure, .item, .day, .notice, .lists__none");
    const places = boxes.map(node => node.getBoundingClientRect());
    places.forEach((box, i) => {
        if (box.left - moved.e < reach || box.top - moved.f < reach
            || box.right - moved.e > innerWidth - reach || box.bottom - moved.f > innerHeight - reach) tell("outside", boxes[i]);
        places.forEach((other, j) => {
            if (i < j && box.left < other.right - 1 && other.left < box.right - 1
                && box.top < other.bottom - 1 && other.top < box.bottom - 1) tell("overlap", boxes[i]);
        });
    });

    // Texts: whole, unless they end in "…", and inside every box that would cut them.
    const ends = style => style.textOverflow === "ellipsis" && style.overflowX !== "visible" || /^\d/.test(style.webkitLineClamp);
    const texts = all("#wall *").filter(node => [...node.childNodes].some(
        child => child.nodeType === 3 && child.textContent.trim()));
    const least = { trouble: document.querySelector(".board--large") ? 5.9 : document.querySelector(".board--medium") ? 4.7 : 3.5 };
    // What is painted of a line's box, which in some fonts is a third higher than the letters.
    const pen = document.createElement("canvas").getContext("2d");
    const ink = (node, style, line) => {
        pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
        const all = pen.measureText(node.textContent);
        const base = line.top + all.fontBoundingBoxAscent;
        return {
            top: Math.max(line.top, base - all.actualBoundingBoxAscent),
            bottom: Math.min(line.bottom, base + all.actualBoundingBoxDescent),
        };
    };
    // Of a box that cuts off what is below its last line: its lines, without what marks may use.
    const lines = (node, style) => {
        const box = node.getBoundingClientRect();
        return { top: box.top + parseFloat(style.paddingTop), bottom: box.bottom - parseFloat(style.paddingBottom) };
    };
    texts.forEach(node => {
        const style = getComputedStyle(node);
        if (style.display !== "inline" && !ends(style) && node.scrollWidth > node.clientWidth + 1) tell("cut", node);
        const range = document.createRange();
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        const clamped = /^\d/.test(style.webkitLineClamp) && style.whiteSpace !== "nowrap";
        let frame = node;
        let cutOff = ends(style);
        while (frame && frame.id !== "wall") {
            const around = getComputedStyle(frame);
            cutOff = cutOff || ends(around);
            if (around.overflowX === "hidden" && !cutOff) {
                const box = frame.getBoundingClientRect();
                if (text.left < box.left - 1 || text.right > box.right + 1) tell("cut by " + frame.className, node);
            }
            if (around.overflowY === "hidden" && style.display !== "inline" && frame !== node) {
                const box = frame.getBoundingClientRect();
                const inner = clamped ? lines(node, style) : ink(node, style, text);
                if (inner.top < box.top - 1 || inner.bottom > box.bottom + 1) tell("cut below " + frame.className, node);
            }
            frame = frame.parentElement;
        }
        const size = parseFloat(style.fontSize) / unit + 0.01;
        const trouble = node.closest(".trouble, .more");
        const smallest = trouble ? least.trouble : node.closest(".chip, .item, .day") ? 2.8 : node.closest(".head") ? 3.4 : 2.8;
        if (size < smallest) tell(`${size.toFixed(2)} vmin`, node);
    });
    return faults;
},
  tally: () => {
    const seen = selector => [...document.querySelectorAll(selector)].filter(node => node.getClientRects().length > 0);
    const numbers = text => (text.match(/[\d,]+/g) || []).reduce((sum, part) => sum + Number(part.replace(/,/g, "")), 0);
    const more = seen(".more__count").map(node => numbers(node.textContent));
    const rest = seen(".chip--rest").map(node => numbers(node.textContent));
    const troubles = seen(".trouble").length + more.reduce((sum, one) => sum + one, 0);
    const all = troubles + seen(".chip:not(.chip--rest)").length + rest.reduce((sum, one) => sum + one, 0);
    return { troubles, all };
},
});
