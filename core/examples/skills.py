"""Skills: one name for each, found in running text and compared without regard to how they are written."""

import re
from collections.abc import Iterable
from functools import lru_cache

_PLAIN = (
    "Python|Java|TypeScript|Rust|C|Ruby|PHP|Kotlin|Swift|Scala|R|SQL|Django|Flask|GraphQL|MySQL|Redis|Kafka|Docker|"
    "Terraform|Ansible|Azure|Linux|Git|DevOps|Deep Learning|PyTorch|TensorFlow|Pandas|NumPy|Statistics|Excel|Tableau|"
    "Power BI|Robotics|Computer Vision|Scrum|Agile|Figma|Marketing|Sales|Accounting|Finance|English"
).split("|")
# Further ways people write a skill. A space in a name stands for space, hyphen or nothing.
_OTHERWISE = {
    ".NET": ("dot net", "asp.net"), "Angular": ("angular.js",), "AWS": ("amazon web services",), "C#": ("c sharp",),
    "C++": ("cpp",), "CI/CD": ("ci cd", "continuous integration"), "CSS": ("css3",),
    "Customer Service": ("customer support",), "Data Analysis": ("data analytics", "data analyst"),
    "Data Engineering": ("data engineer",), "Elasticsearch": ("elastic search",), "Embedded": ("embedded systems",),
    "FastAPI": ("fast api",), "German": ("deutsch",), "Go": ("golang",), "Google Cloud": ("gcp",), "HTML": ("html5",),
    "JavaScript": ("js", "ecma script"), "Kubernetes": ("k8s",), "Machine Learning": ("ml",), "MongoDB": ("mongo",),
    "Node.js": ("node js", "node"), "PostgreSQL": ("postgres",), "Product Management": ("product manager",),
    "Project Management": ("project manager",), "Rails": ("ruby on rails",), "React": ("react.js", "react js"),
    "REST": ("restful",), "Security": ("cyber security", "information security"), "Spark": ("pyspark",),
    "Spring": ("spring boot",), "Testing": ("test automation", "quality assurance", "qa"), "UX": ("user experience",),
    "Vue": ("vue.js", "vue js"),
}  # fmt: skip
_SKILLS: dict[str, tuple[str, ...]] = dict.fromkeys(_PLAIN, ()) | _OTHERWISE
# Words that are names of skills only when written just so: "C" is, the "c" of "c/o" is not.
_CASE_COUNTS = frozenset({"C", "R", "Go", "REST", "Git", "Excel", "Spring", "Swift", "Spark", "Security", "Sales"})


def _pattern(names: Iterable[str], *, ignore_case: bool) -> re.Pattern[str]:
    forms = "|".join(re.escape(name).replace(r"\ ", r"[\s-]?") for name in sorted(names, key=len, reverse=True))
    # Not inside a longer word, nor "C" inside "C++" or "R" inside "R&D".
    return re.compile(rf"(?<![\w.+#&])(?:{forms})(?![\w+#&])", re.IGNORECASE if ignore_case else 0)


_PATTERNS = {
    name: (
        _pattern([name], ignore_case=name not in _CASE_COUNTS),
        _pattern(others, ignore_case=True) if others else None,
    )
    for name, others in _SKILLS.items()
}


@lru_cache(maxsize=4096)  # the same few names are compared for every job of a match
def _key(text: str) -> str:
    return re.sub(r"[\s-]+", "", text.casefold())


_NAMES = {_key(form): name for name, others in _SKILLS.items() for form in (name, *others)}


def normal(skill: str) -> str:
    """The one name of a skill: ``"golang"`` → ``"Go"``; what is not in the table keeps its own."""
    return _NAMES.get(_key(skill), skill.strip())


def same_skills(skills: Iterable[str]) -> set[str]:
    """Keys under which skills are the same however they are written."""
    return {_key(normal(skill)) for skill in skills if skill.strip()}


def skills_in(text: str) -> list[str]:
    """The known skills a text names, in the order of the table."""
    return [name for name, patterns in _PATTERNS.items() if any(found and found.search(text) for found in patterns)]
