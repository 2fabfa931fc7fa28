/// Goes through a multipart body from boundary to boundary (RFC 2046 §5.1.1).
package struct MultipartReader {
    private let body: [UInt8]
    /// Two hyphens and the boundary.
    private let delimiter: [UInt8]
    private let search: ByteSearch
    private var position = 0

    package init(body: [UInt8], boundary: String) {
        self.body = body
        delimiter = Array("--\(boundary)".utf8)
        search = ByteSearch([13, 10] + delimiter)
    }

    /// What stands before the first boundary and after the last one is no part, and ignored.
    package mutating func parts() throws(MultipartError) -> [MultipartBody.Part] {
        var parts: [MultipartBody.Part] = []
        var isFollowed = try skipPreamble()
        while isFollowed {
            guard parts.count < MultipartBody.partsMax else { throw .tooManyParts }
            let head = try takeHead(of: parts.count + 1)
            let start = position
            // Content that is empty may share the end of its header's last line with the boundary.
            let end = try takeContent(from: start - 2, isFollowed: &isFollowed)
            parts.append(
                MultipartBody.Part(
                    name: head.name, fileName: head.fileName, contentType: head.contentType,
                    bytes: Array(body[start..<max(start, end)])))
        }
        return parts
    }

    /// Goes behind the first boundary; false when it is the last one, too.
    private mutating func skipPreamble() throws(MultipartError) -> Bool {
        if body.starts(with: delimiter), let isFollowed = takeEnd(of: delimiter.count) { return isFollowed }
        var isFollowed = false
        _ = try takeContent(from: 0, isFollowed: &isFollowed)
        return isFollowed
    }

    /// Goes behind the next boundary and gives where the content before it ends.
    private mutating func takeContent(from start: Int, isFollowed: inout Bool) throws(MultipartError) -> Int {
        var from = start
        while let found = search.first(in: body, from: from) {
            if let isMore = takeEnd(of: found + 2 + delimiter.count) {
                isFollowed = isMore
                return found
            }
            // Only something that begins like the boundary.
            from = found + 1
        }
        throw .truncated
    }

    /// Reads what stands behind a boundary: `--` behind the last one (false), else white space and the end of its line,
    /// at which it stops (true). Nil for anything else.
    private mutating func takeEnd(of end: Int) -> Bool? {
        if body[end...].starts(with: [45, 45]) {
            position = end + 2
            return false
        }
        let rest = body[end...].drop { $0 == 32 || $0 == 9 }
        guard rest.starts(with: [13, 10]) else { return nil }
        position = rest.startIndex
        return true
    }

    /// Reads a header with its empty line; it begins at the end of the boundary's line.
    private mutating func takeHead(of part: Int) throws(MultipartError) -> MultipartHead {
        let window = Array(body[position...].prefix(MultipartBody.headerBytesMax + 4))
        guard let end = Self.emptyLine.first(in: window, from: 0), let head = MultipartHead(window[..<end].dropFirst(2))
        else { throw .badHeader(part: part) }
        position += end + 4
        return head
    }

    private static let emptyLine = ByteSearch([13, 10, 13, 10])
}

/// The header of a part.
private struct MultipartHead {
    var name = ""
    var fileName: String?
    var contentType: String?

    /// Nil unless it is in UTF-8 and says that it is a named field of a form.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var hasName = false
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = String(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                guard !hasName, let disposition = try? HeaderValue(value),
                    disposition.value.lowercased() == "form-data", let name = disposition.parameters["name"]
                else { return nil }
                hasName = true
                self.name = name
                fileName = disposition.parameters["filename"]
            case "content-type": contentType = HeaderValue.trimmed(value)
            default: continue
            }
        }
        guard hasName else { return nil }
    }
}
