import DataPlaneCore

/// Conditions of a request (RFC 9110, section 13).
struct Conditions: Sendable {
    private let match: String?
    private let noneMatch: String?
    private let modifiedSince: String?
    private let unmodifiedSince: String?

    init(_ http: ServiceRequest) {
        match = http.header("if-match")
        noneMatch = http.header("if-none-match")
        modifiedSince = http.header("if-modified-since")
        unmodifiedSince = http.header("if-unmodified-since")
    }

    /// What they say about an object.
    enum Verdict: Equatable {
        case proceed
        case notModified
        case failed
    }

    /// - Parameter modified: seconds since the epoch.
    func verdict(eTag: String, modified: Double) -> Verdict {
        if let match {
            if !Self.list(match, names: eTag) { return .failed }
        } else if let since = unmodifiedSince.flatMap(HTTPDate.seconds), modified.rounded(.down) > since {
            return .failed
        }
        if let noneMatch { return Self.list(noneMatch, names: eTag) ? .notModified : .proceed }
        if let since = modifiedSince.flatMap(HTTPDate.seconds), modified.rounded(.down) <= since { return .notModified }
        return .proceed
    }

    private static func list(_ header: String, names eTag: String) -> Bool {
        let bare = { (text: String) in text.trimmed.replacing("W/", with: "", maxReplacements: 1).filter { $0 != "\"" }
        }
        return header.trimmed == "*" || header.split(separator: ",").contains { bare(String($0)) == bare(eTag) }
    }
}
