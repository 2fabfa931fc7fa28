import DataPlaneCore

/// XML as S3 writes it.
enum S3XML {
    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    private static let declaration = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"

    /// An element: text, or elements in their order.
    indirect enum Node: Sendable {
        case text(String, String)
        case element(String, [Node])
    }

    static func document(_ name: String, _ nodes: [Node], isNamespaced: Bool = true) -> String {
        let attribute = isNamespaced ? " xmlns=\"\(namespace)\"" : ""
        return declaration + "<\(name)\(attribute)>" + nodes.map(text).joined() + "</\(name)>"
    }

    private static func text(_ node: Node) -> String {
        switch node {
        case .text(let name, let value): "<\(name)>\(escaped(value))</\(name)>"
        case .element(let name, let nodes): "<\(name)>" + nodes.map(text).joined() + "</\(name)>"
        }
    }

    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;".unicodeScalars
            case "<": result += "&lt;".unicodeScalars
            case ">": result += "&gt;".unicodeScalars
            case "\"": result += "&quot;".unicodeScalars
            case "\r": result += "&#13;".unicodeScalars
            case "\u{0}"..."\u{8}", "\u{b}"..."\u{c}", "\u{e}"..."\u{1f}": continue
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

/// Reads the small documents that clients of S3 send. No attributes' values, no entities but the five of XML, no
/// document types.
struct S3XMLReader {
    /// Deepest nesting.
    private static let depthMax = 16
    /// Most elements.
    private static let elementsMax = 40_000

    /// An element.
    struct Element: Sendable {
        var name: String
        var text = ""
        var children: [Element] = []

        subscript(name: String) -> String? { children.first { $0.name == name }?.text }
    }

    /// Scalars, not characters: a mark after a tag belongs to the text, not to the tag.
    private var rest: Substring.UnicodeScalarView
    private var count = 0

    static let malformed = StorageError(
        400, code: "MalformedXML", message: "The XML you provided was not well-formed.")

    /// The root of a document.
    static func root(_ bytes: [UInt8]) throws(StorageError) -> Element {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed }
        var reader = S3XMLReader(rest: text[...].unicodeScalars)
        reader.skip()
        if reader.rest.starts(with: "<?xml".unicodeScalars) {
            guard let end = reader.rest.firstRange(of: "?>".unicodeScalars) else { throw malformed }
            reader.rest = reader.rest[end.upperBound...]
        }
        reader.skip()
        let root = try reader.element(depth: 0)
        reader.skip()
        guard reader.rest.isEmpty else { throw malformed }
        return root
    }

    private init(rest: Substring.UnicodeScalarView) { self.rest = rest }

    private mutating func skip() { rest = rest.drop(while: \.properties.isWhitespace) }

    private mutating func element(depth: Int) throws(StorageError) -> Element {
        count += 1
        guard depth < Self.depthMax, count <= Self.elementsMax, rest.first == "<", let end = rest.firstIndex(of: ">")
        else {
            throw Self.malformed
        }
        var tag = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        let isEmpty = tag.last == "/"
        if isEmpty { tag.removeLast() }
        guard let name = tag.split(whereSeparator: \.properties.isWhitespace).first, let first = name.first,
            first.properties.isAlphabetic
        else {
            throw Self.malformed
        }
        var element = Element(name: String(name))
        if isEmpty { return element }
        while true {
            guard let next = rest.firstIndex(of: "<") else { throw Self.malformed }
            element.text += try Self.unescaped(rest[..<next])
            rest = rest[next...]
            guard rest.starts(with: "</".unicodeScalars) else {
                element.children.append(try self.element(depth: depth + 1))
                continue
            }
            guard rest.dropFirst(2).starts(with: name), let close = rest.firstIndex(of: ">"),
                rest[..<close].dropFirst(2 + name.count).allSatisfy(\.properties.isWhitespace)
            else { throw Self.malformed }
            rest = rest[rest.index(after: close)...]
            return element
        }
    }

    private static func unescaped(_ text: Substring.UnicodeScalarView) throws(StorageError) -> String {
        var result = String.UnicodeScalarView()
        var rest = text
        while let ampersand = rest.firstIndex(of: "&") {
            result += rest[..<ampersand]
            guard let end = rest[ampersand...].firstIndex(of: ";") else { throw malformed }
            let name = rest[rest.index(after: ampersand)..<end]
            switch String(name) {
            case "amp": result.append("&")
            case "lt": result.append("<")
            case "gt": result.append(">")
            case "quot": result.append("\"")
            case "apos": result.append("'")
            case let other:
                let isHex = other.hasPrefix("#x")
                guard other.hasPrefix("#"), let value = UInt32(other.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10),
                    let scalar = Unicode.Scalar(value)
                else { throw malformed }
                result.append(scalar)
            }
            rest = rest[rest.index(after: end)...]
        }
        result += rest
        return String(result)
    }
}

/// Answers of S3.
enum S3Answer {
    static func xml(_ name: String, _ nodes: [S3XML.Node], status: Int = 200) -> ServiceResponse {
        var response = ServiceResponse(status: status)
        response.set("Content-Type", "application/xml")
        response.body = Array(S3XML.document(name, nodes).utf8)
        return response
    }

    /// The error with its true status; to HEAD without a body.
    static func failure(_ error: StorageError, _ http: ServiceRequest) -> ServiceResponse {
        var response = ServiceResponse(status: error.statusCode)
        guard http.method != "HEAD" else {
            response.content = ServiceContent(length: 0) { _, _ in [] }
            return response
        }
        response.set("Content-Type", "application/xml")
        response.body = Array(
            S3XML.document(
                "Error",
                [.text("Resource", http.path), .text("Code", error.code), .text("Message", error.message)],
                isNamespaced: false
            ).utf8)
        return response
    }
}
