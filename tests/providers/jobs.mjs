// Six jobs and what each operator of Refine must find among them.
export const jobs = [
  { title: "Train driver", company: "Rail", salaryMin: 100, remote: false, address: { city: "Bonn" } },
  { title: "train planner", company: "Rail", salaryMin: 200, remote: true, address: { city: "Köln" } },
  { title: "Baker", company: "Mill", salaryMin: 300, remote: false },
  { title: "Bus driver", company: "Road", salaryMin: 400, remote: true, location: "Bonn" },
  { title: "50% baker", company: "Mill", salaryMin: 500, remote: false },
  { title: "A.*", company: "Regex", remote: true },
];

// [field, operator, value, titles found]
export const operators = [
  ["title", "eq", "Baker", ["Baker"]],
  ["company", "ne", "Rail", ["50% baker", "A.*", "Baker", "Bus driver"]],
  ["salaryMin", "lt", 200, ["Train driver"]],
  ["salaryMin", "gt", 300, ["50% baker", "Bus driver"]],
  ["salaryMin", "lte", 200, ["Train driver", "train planner"]],
  ["salaryMin", "gte", 400, ["50% baker", "Bus driver"]],
  ["company", "in", ["Rail", "Road"], ["Bus driver", "Train driver", "train planner"]],
  ["company", "nin", ["Rail", "Road"], ["50% baker", "A.*", "Baker"]],
  ["title", "contains", "TRAIN", ["Train driver", "train planner"]],
  ["title", "ncontains", "er", ["A.*"]],
  ["title", "containss", "Train", ["Train driver"]],
  ["title", "ncontainss", "er", ["A.*"]],
  ["title", "startswith", "TRAIN", ["Train driver", "train planner"]],
  ["title", "nstartswith", "b", ["50% baker", "A.*", "Train driver", "train planner"]],
  ["title", "startswiths", "train", ["train planner"]],
  ["title", "nstartswiths", "B", ["50% baker", "A.*", "Train driver", "train planner"]],
  ["title", "endswith", "DRIVER", ["Bus driver", "Train driver"]],
  ["title", "nendswith", "driver", ["50% baker", "A.*", "Baker", "train planner"]],
  ["title", "endswiths", "baker", ["50% baker"]],
  ["title", "nendswiths", "baker", ["A.*", "Baker", "Bus driver", "Train driver", "train planner"]],
  ["title", "contains", ".*", ["A.*"]],
  ["salaryMin", "between", [200, 400], ["Baker", "Bus driver", "train planner"]],
  ["salaryMin", "nbetween", [200, 400], ["50% baker", "A.*", "Train driver"]],
  ["location", "nnull", true, ["Bus driver"]],
  ["location", "null", true, ["50% baker", "A.*", "Baker", "Train driver", "train planner"]],
  ["remote", "eq", true, ["A.*", "Bus driver", "train planner"]],
  ["address.city", "eq", "Bonn", ["Train driver"]],
];

export const titles = (rows) => rows.map((row) => row.title).sort();
