// Loads the description of the REST surface, with a key where the server asks for one, and hands it to Swagger UI.
const login = document.getElementById("login");
const problem = document.getElementById("problem");
let key = null;

function withKey(request) {
  if (key) request.headers = { Authorization: `Bearer ${key}`, ...request.headers };
  return request;
}

async function show() {
  const answer = await fetch("openapi.json", withKey({ headers: {} }));
  const body = await answer.json();
  login.hidden = answer.status !== 401;
  if (answer.status === 401) {
    problem.textContent = key ? body.title : "";
  } else if (answer.ok) {
    document.title = body.info.title;
    SwaggerUIBundle({
      spec: body,
      dom_id: "#docs",
      deepLinking: true,
      docExpansion: "none",
      defaultModelsExpandDepth: 0,
      requestInterceptor: withKey,
      validatorUrl: null,
    });
  } else {
    document.getElementById("docs").textContent = body.title;
  }
}

login.addEventListener("submit", (event) => {
  event.preventDefault();
  key = document.getElementById("key").value.trim();
  show();
});

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
show();
