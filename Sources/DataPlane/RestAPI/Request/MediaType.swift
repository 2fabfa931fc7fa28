/// A media type of `Accept` or `Content-Type`, with the parameters that matter here.
struct MediaType: Equatable, Hashable {
    /// Type and subtype in lower case.
    var name: String
    /// Parameters but `q`, names in lower case.
    var parameters: [String: String] = [:]

    static let any = MediaType(name: "*/*")
    static let json = MediaType(name: "application/json")
    static let object = MediaType(name: "application/vnd.pgrst.object+json")
    static let array = MediaType(name: "application/vnd.pgrst.array+json")
    static let csv = MediaType(name: "text/csv")
    static let geoJSON = MediaType(name: "application/geo+json")
    static let openAPI = MediaType(name: "application/openapi+json")
    static let octets = MediaType(name: "application/octet-stream")
    static let form = MediaType(name: "application/x-www-form-urlencoded")
    static let text = MediaType(name: "text/plain")
    static let xml = MediaType(name: "text/xml")

    init(name: String, parameters: [String: String] = [:]) {
        self.name = name
        self.parameters = parameters
    }

    /// One item of a header.
    init?(_ text: String) {
        let parts = text.split(separator: ";").map { String($0).trimmingBlanks }
        guard let name = parts.first, name.contains("/") else { return nil }
        self.name = name.lowercased()
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            var value = String(part[part.index(after: equals)...])
            if value.hasPrefix("\""), value.hasSuffix("\""), value.count > 1 {
                value = String(value.dropFirst().dropLast())
            }
            let key = part[..<equals].lowercased()
            if key != "q", key != "charset" { parameters[key] = value }
        }
    }

    /// The types of `Accept` by quality, then by their place; `*/*` when there is none.
    static func accepted(_ header: String?) -> [MediaType] {
        guard let header, !header.trimmingBlanks.isEmpty else { return [.any] }
        let items = header.split(separator: ",").map { String($0).trimmingBlanks }
        let ranked = items.enumerated().compactMap { place, item -> (quality: Double, place: Int, type: MediaType)? in
            guard let type = MediaType(item) else { return nil }
            let quality =
                item.split(separator: ";").map { String($0).trimmingBlanks }
                .first { $0.lowercased().hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return quality > 0 ? (quality, place, type) : nil
        }
        let sorted = ranked.sorted { ($1.quality, $0.place) < ($0.quality, $1.place) }
        return sorted.isEmpty ? [.any] : sorted.map(\.type)
    }

    /// The type without its `+json` spelling difference: `application/vnd.pgrst.object` is the same as with it.
    var vendorName: String {
        name.hasPrefix("application/vnd.pgrst.") && !name.contains("+") ? name + "+json" : name
    }

    /// Whether nulls are to be left out of objects.
    var stripsNulls: Bool { parameters["nulls"] == "stripped" }

    /// The header's value of an answer of this type.
    var contentType: String {
        let strip = stripsNulls ? ";nulls=stripped" : ""
        return "\(vendorName)\(strip); charset=utf-8"
    }

    /// How the type is named in an error.
    var spelled: String {
        name + parameters.sorted { $0.key < $1.key }.map { ";\($0.key)=\($0.value)" }.joined()
    }
}
