"use strict";
// The API sends errors to who has no token; a token pasted once is used for every call that is tried on this page.
customElements.whenDefined("rapi-doc").then(() => {
  const page = document.getElementById("api");
  page.addEventListener("before-try", (event) => {
    event.detail.request.headers.append("x-fapi-customer-ip-address", "127.0.0.1");
  });
});
