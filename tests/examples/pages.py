"""Pages as job sites write them."""

import json
from typing import Any

POSTING: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": "Python Developer",
    "identifier": {"@type": "PropertyValue", "name": "Acme", "value": "A-1"},
    "hiringOrganization": {"@type": "Organization", "name": "Acme"},
    "jobLocation": {
        "@type": "Place",
        "address": {
            "@type": "PostalAddress",
            "addressLocality": "Berlin",
            "addressCountry": "DE",
            "postalCode": "10115",
        },
    },
    "description": "<p>We build &amp; run things.</p><ul><li>Python</li><li>Kafka</li></ul><script>alert(1)</script>",
    "employmentType": ["FULL_TIME", "CONTRACTOR"],
    "baseSalary": {
        "@type": "MonetaryAmount",
        "currency": "EUR",
        "value": {"@type": "QuantitativeValue", "minValue": 5000, "maxValue": 6000, "unitText": "MONTH"},
    },
    "datePosted": "2026-03-01",
    "validThrough": "2026-05-01T00:00:00+02:00",
    "skills": "Python, SQL",
}


def json_ld(*nodes: object) -> str:
    # A closing tag in a string would end the block, so pages write its slash escaped.
    texts = (json.dumps(node).replace("</", "<\\/") for node in nodes)
    return "".join(f'<script type="application/ld+json">{text}</script>' for text in texts)


def page(*nodes: object, head: str = "", body: str = "") -> str:
    return f"<!doctype html><html><head>{head}{json_ld(*nodes)}</head><body>{body}</body></html>"


def posting(**changes: Any) -> dict[str, Any]:
    return {**POSTING, **changes}


def item_list(*urls: str) -> dict[str, Any]:
    elements = [{"@type": "ListItem", "position": place, "url": url} for place, url in enumerate(urls, 1)]
    return {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": elements}


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:job="https://board.example/job"><channel><title>The Board</title>
<item><title>Python Developer - Acme - Berlin</title><link>https://board.example/1</link><guid>board-1</guid>
<pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate>
<description>&lt;b&gt;Build&lt;/b&gt; things &amp;amp; more</description>
<category>Python</category><job:workload>full-time</job:workload></item>
<item><title>Gardener at Green</title><link>https://board.example/2</link></item>
<item><title>Chimney Sweep</title><link>https://board.example/3</link></item>
</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Jobs at Acme</title>
<entry><title>Go Developer</title><id>urn:1</id><link href="https://acme.example/1"/><updated>2026-03-01T08:00:00Z</updated>
<author><name>Acme</name></author><summary type="html">&lt;p&gt;Write Go.&lt;/p&gt;</summary></entry></feed>"""
