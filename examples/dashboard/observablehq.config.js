// Nothing is taken from elsewhere: no fonts, no libraries from a CDN.  Pages in Japanese are at
// the top, those in English in en/.
export default {
  root: "src",
  output: "dist",
  title: "loyalcs",
  style: "style.css",
  globalStylesheets: [],
  sidebar: false,
  toc: false,
  pager: false,
  search: false,
  footer: "",
  preserveExtension: true
};
