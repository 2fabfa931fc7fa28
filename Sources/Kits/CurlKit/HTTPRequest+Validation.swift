extension HTTPRequest {
    /// The longest path that fits `sockaddr_un.sun_path` with its terminating zero (Linux: 108 bytes).
    static let longestUnixSocketPathBytes = 107

    /// Where the request goes, for messages: the socket, or the URL's scheme and authority.
    ///
    /// Path, query and user information are left out, since they may hold secrets.
    var target: String {
        if let unixSocketPath { return "unix://\(unixSocketPath)" }
        guard let schemeEnd = url.firstRange(of: "://")?.upperBound else { return "an invalid URL" }
        let authority = url[schemeEnd...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return String(url[..<schemeEnd]) + String(authority.split(separator: "@").last ?? "")
    }

    /// Refuses what could not be sent as written, above all line breaks that would smuggle in a header.
    func validate(limits: HTTPClientLimits) throws(HTTPTransportError) {
        if !(1...20).contains(method.utf8.count) || !method.utf8.allSatisfy({ (65...90).contains($0) }) {
            throw invalid("the method must consist of 1 to 20 capital letters")
        }
        if !url.hasPrefix("http://") && !url.hasPrefix("https://") {
            throw invalid("the URL must begin with http:// or https://")
        }
        if !url.utf8.allSatisfy({ (33...126).contains($0) }) {
            throw invalid("the URL must be percent-encoded")
        }
        if let path = unixSocketPath {
            if !path.hasPrefix("/") || path.utf8.contains(0) || path.utf8.count > Self.longestUnixSocketPathBytes {
                throw invalid(
                    "a Unix socket's path must be absolute and at most \(Self.longestUnixSocketPathBytes) bytes long")
            }
        }
        for header in headers where !Self.isField(name: header.name, value: header.value) {
            throw invalid("a header field has a bad name, or a control character in its value")
        }
        if body.count > limits.requestBodyBytes {
            throw HTTPTransportError(
                .requestTooLarge, target: target,
                detail: "the body has \(body.count) bytes; the limit is \(limits.requestBodyBytes)")
        }
    }

    private func invalid(_ reason: String) -> HTTPTransportError {
        HTTPTransportError(.invalidRequest, target: target, detail: reason)
    }

    /// RFC 9110 §5.1 and §5.5: a token for the name; no control character but the tab in the value.
    private static func isField(name: String, value: String) -> Bool {
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || marks.contains(byte)
            }
            && value.utf8.allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) }
    }

    /// Whether the request is not idempotent: libcurl repeats a request when a kept connection turns out to be dead.
    var mustBeSentOnce: Bool { method == "POST" || method == "PATCH" || upload != nil }

    /// Whether the method calls for a body, so that even an empty one is announced.
    var announcesBody: Bool { upload != nil || !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) }
}
