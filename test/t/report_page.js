// What is wrong with the page that is open, as it is laid out: [what, ...]. An
// expression, which test/t/report_page.pl has evaluated.
(() => {
	const faults = [];
	const say = (what, text) => faults.push(what + ': ' + text.trim().replace(/\s+/g, ' ').slice(0, 40));
	const width = window.innerWidth;

	if (document.documentElement.scrollWidth > width)
		faults.push('the page is wider than the window: ' + document.documentElement.scrollWidth);

	// Every piece of text that is seen, with its place.
	const pieces = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const node = walker.currentNode, element = node.parentElement;
		if (!node.data.trim() || element.closest('title, desc'))
			continue;
		const details = element.closest('details');
		if (details && !details.open && !element.closest('summary'))
			continue;
		const range = document.createRange();
		range.selectNodeContents(node);
		const panel = element.closest('.panel'), frame = panel && panel.getBoundingClientRect();
		for (const box of range.getClientRects()) {
			// (what has been moved out of a box that scrolls is not seen)
			if (panel && panel.scrollWidth > panel.clientWidth + 1 && (box.left > frame.right || box.right > frame.right + 1))
				continue;
			if (box.width > 0 && box.height > 0)
				pieces.push({ node, element, box });
		}
	}
	if (pieces.length < 10)
		faults.push('hardly anything is seen: ' + pieces.length);

	// Outside of the window, of its picture, or of the box that it is in.
	for (const { node, element, box } of pieces) {
		const picture = element.closest('svg');
		if (box.left < -0.5 || box.right > width + 0.5)
			say('outside of the window', node.data);
		if (picture) {
			const frame = picture.getBoundingClientRect();
			if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
				say('outside of its picture', node.data);
		}
		for (let e = element; e && e !== document.body; e = e.parentElement) {
			const style = getComputedStyle(e);
			if (!e.closest('svg') && style.overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1)
				say('clipped', node.data);
		}
	}
	for (const panel of document.querySelectorAll('.panel'))
		if (panel.scrollWidth > panel.clientWidth + 1)
			say('a box that scrolls', panel.textContent);

	// One over another. (The box of a line is higher than its letters.)
	pieces.forEach(p => {
		const cut = p.box.height * 0.22;
		p.top = p.box.top + cut;
		p.bottom = p.box.bottom - cut;
	});
	pieces.sort((a, b) => a.top - b.top);
	for (let i = 0; i < pieces.length; i++) {
		for (let k = i + 1; k < pieces.length && pieces[k].top < pieces[i].bottom; k++) {
			const a = pieces[i], b = pieces[k];
			if (a.node !== b.node && Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 1)
				say('one over the other', a.node.data + ' | ' + b.node.data);
		}
	}

	// Letters and what is behind them (WCAG 2.2, 1.4.3).
	const parse = colour => {
		const m = colour.match(/[\d.]+/g).map(Number);
		return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 };
	};
	const over = (top, below) => ({
		r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1
	});
	const light = c => {
		const [r, g, b] = [c.r, c.g, c.b].map(v => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (element, box) => {
		const layers = [];
		if (element.closest('svg')) {
			for (const e of document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2)) {
				if (!(e instanceof SVGGeometryElement))
					continue;
				const fill = getComputedStyle(e).fill;
				if (fill !== 'none')
					layers.push(parse(fill));
			}
		}
		for (let e = element; e; e = e.parentElement)
			layers.push(parse(getComputedStyle(e).backgroundColor));
		return layers.reduceRight((below, layer) => over(layer, below), { r: 255, g: 255, b: 255, a: 1 });
	};
	const seen = new Set();
	for (const { node, element, box } of pieces) {
		const style = getComputedStyle(element);
		const ground = behind(element, box);
		const letters = over(parse(element.closest('svg') ? style.fill : style.color), ground);
		const [high, low] = [light(letters), light(ground)].sort((a, b) => b - a);
		const ratio = (high + 0.05) / (low + 0.05);
		const key = element.tagName + element.className + ratio.toFixed(2);
		if (ratio < 4.5 && !seen.has(key)) {
			seen.add(key);
			say('contrast ' + ratio.toFixed(2), node.data);
		}
	}

	// What a reader that does not see is told.
	for (const e of document.querySelectorAll('svg[role=img]'))
		if (!e.querySelector('title') || !e.querySelector('title').textContent)
			say('a picture without a name', e.outerHTML);
	for (const e of document.querySelectorAll('svg:not([role=img]):not([aria-hidden])'))
		say('a picture that is none', e.outerHTML);
	let level = 0;
	for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
		if (+e.tagName[1] > level + 1)
			say('a heading too deep', e.textContent);
		level = +e.tagName[1];
	}
	return faults;
})()
