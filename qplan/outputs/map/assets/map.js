(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("plan-data").textContent);
  const byId = (id) => document.getElementById(id);

  function element(tag, text) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function showCorridor(corridor) {
    const place = byId("corridor-facts");
    place.replaceChildren();
    if (!corridor) return;
    place.append(element("p", corridor.summary));
    const paths = element("ol");
    for (const path of corridor.paths) paths.append(element("li", path));
    place.append(paths);
  }

  const map = data.frame ? drawMap() : null;
  byId("corridor").addEventListener("change", (event) => {
    const corridor = event.target.value ? data.corridors[event.target.value] : null;
    showCorridor(corridor);
    if (map) map.choose(corridor);
  });

  function drawMap() {
    const reduced = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const leaflet = L.map("map", {
      attributionControl: false, zoomControl: false, maxBounds: data.frame, maxBoundsViscosity: 1, zoomSnap: 0.25, maxZoom: 16,
      zoomAnimation: !reduced, fadeAnimation: !reduced, markerZoomAnimation: !reduced,
    });
    fit(leaflet);
    leaflet.setMinZoom(leaflet.getZoom() - 0.5);
    drawGround(leaflet);
    const unused = L.layerGroup().addTo(leaflet);
    const links = data.links.map((link) => (link.line.length ? drawLink(link).addTo(leaflet) : null));
    for (const link of data.retired) drawPlain(link, "8 6").addTo(leaflet).bringToBack();
    for (const fibre of data.fibres) drawPlain(fibre, "2 5").addTo(unused).bringToBack();
    const sites = data.sites.map((site) => drawSite(site).addTo(site.kind === "unused" ? unused : leaflet));
    L.control.zoom({ position: "bottomright" }).addTo(leaflet);
    L.control.scale({ imperial: false }).addTo(leaflet);
    wire(leaflet, unused, links, sites);
    return { choose: (corridor) => choose(leaflet, links, sites, corridor) };
  }

  function drawGround(leaflet) {
    leaflet.createPane("ground").style.zIndex = 200;
    const renderer = L.svg({ pane: "ground", padding: 1 });
    const style = { pane: "ground", renderer: renderer, interactive: false, smoothFactor: 0.5 };
    L.polygon(data.land, { ...style, color: "#8fa3b0", weight: 1, fillColor: "#f6f5f0", fillOpacity: 1 }).addTo(leaflet);
    L.polyline(data.borders, { ...style, color: "#b3a894", weight: 1.2, dashArray: "5 4" }).addTo(leaflet);
  }

  function fit(leaflet) {
    leaflet.fitBounds(data.bounds, { padding: [50, 50], maxZoom: 13, animate: false });
  }

  function drawLink(link) {
    const line = L.polyline(link.line, { color: link.colour, weight: width(link), dashArray: link.dashed ? "12 8" : null });
    return line.bindPopup(() => popup(link)).bindTooltip(element("span", link.label), { sticky: true });
  }

  function width(link) {
    return link.existing ? 2.5 : 5;
  }

  function drawPlain(item, dashes) {
    const style = { color: "#888888", weight: 1.5, dashArray: dashes };
    return L.polyline(item.line, style).bindTooltip(element("span", item.name), { sticky: true });
  }

  function drawSite(site) {
    const size = { bypass: 16, unused: 12 }[site.kind] || 26;
    const icon = L.divIcon({ className: "site", html: shape(site), iconSize: [size, size] });
    const rank = { unused: 0, bypass: 100, relay: 200, existing: 200 }[site.kind] ?? 300;
    const marker = L.marker(site.place, { icon: icon, zIndexOffset: rank });
    const name = { permanent: true, direction: "bottom", offset: [0, size / 2], className: rank ? "name" : "name pale" };
    marker.bindPopup(() => popup(site)).bindTooltip(element("span", site.name), name);
    marker.on("add", () => marker.getElement().setAttribute("aria-label", site.name));
    marker.rank = rank;
    marker.reach = size / 2;
    return marker;
  }

  function shape(site) {
    const outlines = {
      end: ["rect", { x: 3, y: 5, width: 20, height: 16, rx: 5 }],
      bypass: ["circle", { cx: 13, cy: 13, r: 10 }],
      unused: ["rect", { x: 4, y: 4, width: 18, height: 18 }],
    };
    const octagon = ["polygon", { points: "9,3 17,3 23,9 23,17 17,23 9,23 3,17 3,9" }];
    const [tag, attributes] = outlines[site.kind] || octagon;
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 26 26");
    svg.setAttribute("aria-hidden", "true");
    const drawn = svg.appendChild(document.createElementNS(space, tag));
    const paint = { fill: site.fill, stroke: site.line, "stroke-width": site.bold ? 4 : 2 };
    for (const [key, value] of Object.entries({ ...attributes, ...paint })) drawn.setAttribute(key, value);
    return svg;
  }

  function popup(item) {
    const box = element("div");
    box.append(element("h3", item.name));
    const table = box.appendChild(element("table"));
    for (const [name, value] of item.facts) {
      const row = table.insertRow();
      row.append(element("th", name), element("td", value));
      row.firstChild.scope = "row";
    }
    return box;
  }

  function wire(leaflet, unused, links, sites) {
    const tidy = () => coverNames(sites.filter((site) => site._map));
    leaflet.on("zoomend moveend resize", tidy);
    tidy();
    byId("show-names").addEventListener("change", (event) => {
      leaflet.getContainer().classList.toggle("no-names", !event.target.checked);
    });
    byId("show-unused").addEventListener("change", (event) => {
      if (event.target.checked) unused.addTo(leaflet);
      else unused.remove();
      tidy();
    });
    for (const button of document.querySelectorAll("button[data-site]")) {
      button.addEventListener("click", () => open(leaflet, unused, sites[button.dataset.site]));
    }
    for (const button of document.querySelectorAll("button[data-link]")) {
      button.addEventListener("click", () => open(leaflet, unused, links[button.dataset.link]));
    }
  }

  function open(leaflet, unused, layer) {
    if (!layer._map) byId("show-unused").click();
    const target = layer.getBounds ? layer.getBounds() : L.latLngBounds([layer.getLatLng()]);
    if (!leaflet.getBounds().contains(target)) leaflet.panInsideBounds(target);
    layer.openPopup();
    byId("map").scrollIntoView({ block: "nearest" });
  }

  function coverNames(sites) {
    const taken = sites.map((site) => site.getElement().getBoundingClientRect());
    for (const site of [...sites].sort((a, b) => b.rank - a.rank)) {
      const label = site.getTooltip().getElement();
      if (!label) continue;
      const free = ["bottom", "right", "left", "top"].some((direction) => {
        turn(site, direction);
        const box = label.getBoundingClientRect();
        return !taken.some((other) =>
          box.left + 2 < other.right && box.right - 2 > other.left && box.top + 2 < other.bottom && box.bottom - 2 > other.top);
      });
      label.classList.toggle("covered", !free);
      if (free) taken.push(label.getBoundingClientRect());
    }
  }

  function turn(site, direction) {
    const away = { bottom: [0, 1], right: [1, 0], left: [-1, 0], top: [0, -1] }[direction];
    const tooltip = site.getTooltip();
    tooltip.options.direction = direction;
    tooltip.options.offset = L.point(away).multiplyBy(site.reach);
    tooltip.update();
  }

  function choose(leaflet, links, sites, corridor) {
    const chosen = new Set(corridor ? corridor.links : data.links.map((link) => link.id));
    const on = new Set(corridor ? corridor.sites : data.sites.map((site) => site.id));
    links.forEach((line, number) => {
      if (!line) return;
      const yes = chosen.has(data.links[number].id);
      line.setStyle({ opacity: yes ? 1 : 0.2, weight: yes && corridor ? 8 : width(data.links[number]) });
      if (yes && corridor) line.bringToFront();
    });
    sites.forEach((marker, number) => {
      const dim = !on.has(data.sites[number].id);
      for (const part of [marker.getElement(), marker.getTooltip().getElement()]) {
        if (part) part.classList.toggle("dim", dim);
      }
    });
    const shown = links.filter((line, number) => line && corridor && chosen.has(data.links[number].id));
    if (shown.length) leaflet.fitBounds(L.featureGroup(shown).getBounds(), { padding: [50, 50], maxZoom: 13 });
    else fit(leaflet);
  }
})();
