"""What sample postings are made of. All companies and people are invented; addresses lie in reserved domains."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Family:
    """Jobs of one kind: titles, the skills they draw on, and the pay a year in thousands they start from."""

    titles: tuple[str, ...]
    skills: tuple[str, ...]
    pay: int
    tasks: tuple[str, ...]


FAMILIES = (
    Family(
        titles=("Python Developer", "Backend Engineer", "Software Engineer", "Platform Engineer"),
        skills=("Python", "FastAPI", "Django", "PostgreSQL", "MongoDB", "Redis", "Docker", "Kafka", "GraphQL"),
        pay=58,
        tasks=("build the services our customers call every second", "keep interfaces small and documented",
               "take a feature from the first sketch to production", "make slow queries fast"),
    ),
    Family(
        titles=("Frontend Developer", "Web Developer", "UI Engineer"),
        skills=("TypeScript", "React", "JavaScript", "CSS", "HTML", "Vue", "GraphQL", "Figma"),
        pay=54,
        tasks=("turn designs into pages that load at once", "care for keyboard and screen readers",
               "grow our component library", "measure what people do and make it easier"),
    ),
    Family(
        titles=("Data Scientist", "Machine Learning Engineer", "Research Engineer"),
        skills=("Python", "PyTorch", "Machine Learning", "Statistics", "SQL", "Pandas", "Spark", "Deep Learning"),
        pay=64,
        tasks=("train models and say how far they can be trusted", "bring a prototype into daily use",
               "explain results to people who decide", "clean the data nobody wanted to clean"),
    ),
    Family(
        titles=("Data Engineer", "Analytics Engineer", "Business Intelligence Analyst"),
        skills=("SQL", "Python", "Spark", "Kafka", "Data Engineering", "Tableau", "Power BI", "AWS"),
        pay=57,
        tasks=("move data where it is needed, once and in order", "model facts so that everybody counts the same",
               "watch pipelines at night so that nobody else must", "answer questions with dashboards"),
    ),
    Family(
        titles=("DevOps Engineer", "Site Reliability Engineer", "Cloud Engineer"),
        skills=("Kubernetes", "Docker", "Terraform", "AWS", "Azure", "Linux", "CI/CD", "Ansible", "Go"),
        pay=62,
        tasks=("make deploying dull", "find out why it was slow on Tuesday",
               "write down what to do at three in the morning", "cut the bill in half without anybody noticing"),
    ),
    Family(
        titles=("Embedded Software Engineer", "Robotics Engineer", "Firmware Developer"),
        skills=("C++", "C", "Rust", "Embedded", "Linux", "Robotics", "Python", "Testing"),
        pay=60,
        tasks=("bring up new boards", "write drivers that survive a cold winter", "test on the bench and in the field",
               "squeeze another year out of a battery"),
    ),
    Family(
        titles=("Product Manager", "Project Manager", "Scrum Master"),
        skills=("Product Management", "Project Management", "Scrum", "Agile", "English", "German", "UX"),
        pay=61,
        tasks=("listen to customers and say no to most of it", "keep the plan true", "clear the road for three teams",
               "write requirements one can test"),
    ),
    Family(
        titles=("Accountant", "Controller", "Customer Success Manager"),
        skills=("Accounting", "Finance", "Excel", "Customer Service", "English", "German", "Sales"),
        pay=47,
        tasks=("close the month in three days", "find the cent that is missing",
               "stay with customers after they signed", "turn figures into sentences"),
    ),
)  # fmt: skip
LEVELS = (("Junior ", 0.82), ("", 1.0), ("", 1.0), ("Senior ", 1.22), ("Lead ", 1.38))
COMPANIES = (
    "Nordlicht Software", "Acme", "Brückner & Vogel", "Kestrel Robotics", "Blue Heron Analytics", "Havel Mobility",
    "Quartz & Linden", "Isar Cloud", "Ferro Instruments", "Marlow Health", "Gletscher Energy", "Copper Kettle Games",
    "TechCorp", "Seafarer Logistics", "Lumen Grid", "Ostwind Finance", "Paperboat Learning", "Redwood Foundry",
    "StartupCo", "Silbersee Insurance", "Tanager Labs", "Umbra Security", "Vantage Orchard", "Wren Publishing",
    "Alpenglow Travel", "Zeitgeber Watches", "Harbour Lane Bank", "Juniper Post", "Mosaic Transit", "Oakline Homes",
)  # fmt: skip
# City, region, country, the pay there in relation to the first one, currency.
PLACES = (
    ("Berlin", None, "DE", 1.0, "EUR"), ("Munich", "Bavaria", "DE", 1.12, "EUR"), ("Hamburg", None, "DE", 1.02, "EUR"),
    ("Cologne", None, "DE", 0.98, "EUR"), ("Leipzig", "Saxony", "DE", 0.9, "EUR"), ("Vienna", None, "AT", 0.97, "EUR"),
    ("Zurich", None, "CH", 1.7, "CHF"), ("Amsterdam", None, "NL", 1.08, "EUR"), ("London", None, "GB", 1.05, "GBP"),
    ("Austin", "TX", "US", 1.7, "USD"), ("Seattle", "WA", "US", 1.9, "USD"), ("Toronto", "ON", "CA", 1.3, "CAD"),
)  # fmt: skip
PEOPLE = (
    ("Ada Sommer", 0, 0), ("Jonas Weber", 4, 1), ("Mira Okafor", 2, 8), ("Lena Fischer", 1, 2), ("Tomás Rivera", 3, 9),
    ("Grace Lindqvist", 5, 4), ("Noah Keller", 0, 3), ("Priya Raman", 2, 10), ("Emil Novak", 7, 5),
    ("Sofia Brandt", 6, 0), ("Owen Carter", 4, 11), ("Hannah Roth", 1, 6),
)  # fmt: skip
"""Name, the family they come from, the place they live in."""
WORKLOADS = ("Full-time", "Full-time", "Part-time, 80%", "Part-time, 60%")
BENEFITS = (
    "Pension, rail card",
    "Four-day week",
    "Thirty days off, canteen",
    "Learning budget, bicycle",
    "Stock options",
)
