import DataPlaneCore

/// What of a message is between two ends of one connection, and what is passed on.
public enum AnswerRules {
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// The headers that are passed on: none that belongs to the connection, nor that `Connection` names.
    public static func passedOn(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        let named = headers.filter { $0.name.lowercased() == "connection" }
            .flatMap { $0.value.lowercased().split(separator: ",").map { $0.filter { !$0.isWhitespace } } }
        let dropped = hopByHop.union(named)
        return headers.filter { !dropped.contains($0.name.lowercased()) }
    }

    /// An answer without its body, as it is passed on.
    ///
    /// - Parameter isShown: whether the function's own address may show pages. On an address that projects share with
    ///   the API a page is only text, so that nobody is led to believe it.
    static func head(
        status: Int, headers: [(name: String, value: String)], method: String, isShown: Bool = false
    ) -> ServiceResponse {
        var answer = ServiceResponse(status: status)
        // The server that answers has a date of its own.
        answer.headers = passedOn(headers).filter { $0.name.lowercased() != "date" }
        guard method == "GET", !isShown else { return answer }
        for index in answer.headers.indices where answer.headers[index].name.lowercased() == "content-type" {
            let value = answer.headers[index].value
            guard value.lowercased().hasPrefix("text/html") else { continue }
            answer.headers[index].value = "text/plain" + value.dropFirst("text/html".count)
        }
        return answer
    }
}
