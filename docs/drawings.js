// Draws the Mermaid blocks of a page of the site. The library is loaded where there is one; without it they stay as text.
(() => {
  const blocks = document.querySelectorAll("code.language-mermaid");
  if (blocks.length === 0) return;
  const library = document.createElement("script");
  library.src = `${path_to_root}mermaid.min.js`;
  library.onload = () => {
    const dark = ["coal", "navy", "ayu"].some((name) => document.documentElement.classList.contains(name));
    mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "default" });
    const drawings = [...blocks].map((block) => {
      const drawing = document.createElement("div");
      drawing.className = "mermaid";
      drawing.textContent = block.textContent;
      // mdBook lays its buttons over the block: what is around it goes with it.
      block.closest("pre").replaceWith(drawing);
      return drawing;
    });
    mermaid.run({ nodes: drawings });
  };
  document.head.append(library);
})();
