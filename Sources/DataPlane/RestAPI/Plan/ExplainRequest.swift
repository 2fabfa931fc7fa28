/// A request for the plan of a statement in place of its result: `application/vnd.pgrst.plan`.
struct ExplainRequest: Equatable {
    private static let options = ["analyze", "verbose", "settings", "buffers", "wal"]
    private static let prefix = "application/vnd.pgrst.plan"

    var isJSON: Bool
    /// What of PostgreSQL's options is asked for, in their order.
    var options: [String]
    /// The type whose answer would be planned.
    var target: MediaType

    /// Reads an accepted type; nil for anything else.
    init?(_ type: MediaType) {
        guard [Self.prefix, Self.prefix + "+text", Self.prefix + "+json"].contains(type.name) else { return nil }
        isJSON = type.name.hasSuffix("+json")
        let wanted = Set((type.parameters["options"] ?? "").split(separator: "|").map(String.init))
        options = Self.options.filter { wanted.contains($0) }
        target = type.parameters["for"].flatMap { MediaType($0) } ?? .json
    }

    /// The statement that gives the plan.
    func statement(_ sql: String) -> String {
        let list = (["FORMAT \(isJSON ? "JSON" : "TEXT")"] + options.map { $0.uppercased() }).joined(separator: ", ")
        return "EXPLAIN (\(list)) \(sql)"
    }

    /// The answer's content type.
    var contentType: String {
        let list = options.isEmpty ? "" : "; options=" + options.joined(separator: "|")
        return "\(Self.prefix)+\(isJSON ? "json" : "text"); for=\"\(target.name)\"\(list); charset=utf-8"
    }
}
