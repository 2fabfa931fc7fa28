import DataPlaneCore

/// Lists of objects, as S3 has them.
extension S3Call {
    func listObjects(_ bucket: String, isSecond: Bool) async throws -> ServiceResponse {
        try await check(bucket, "object.list")
        var list = PrefixList()
        list.prefix = value("prefix") ?? ""
        list.limit = try number(
            "max-keys", 0...StorageConfiguration.entriesMax, default: StorageConfiguration.entriesMax)
        let delimiter = value("delimiter").flatMap { $0.isEmpty ? nil : $0 }
        guard delimiter == nil || delimiter == "/" else { throw StorageError.badParameter("delimiter") }
        list.hasDelimiter = delimiter != nil
        if let token = value("continuation-token") {
            guard let cursor = PrefixList.Cursor(token) else { throw StorageError.badParameter("continuation-token") }
            list.cursor = cursor
        } else if !isSecond, let marker = value("marker"), !marker.isEmpty {
            list.cursor = PrefixList.Cursor(key: marker, value: "")
        }
        let wanted = list
        let start = isSecond ? value("start-after") : nil
        let entries =
            list.limit == 0
            ? []
            : try await service.database.asCaller(scope("object.list")) {
                try await $0.page(wanted, in: bucket, skipping: start)
            }
        let page = entries.prefix(list.limit)
        let isTruncated = entries.count > page.count
        var nodes = head(bucket, list, delimiter: delimiter, isTruncated: isTruncated)
        if isSecond {
            nodes.append(.text("KeyCount", String(page.count)))
            if let token = value("continuation-token") { nodes.append(.text("ContinuationToken", token)) }
            if let start { nodes.append(.text("StartAfter", encoded(start))) }
        } else {
            nodes.append(.text("Marker", encoded(value("marker") ?? "")))
        }
        if isTruncated, let last = page.last {
            nodes.append(
                isSecond
                    ? .text("NextContinuationToken", PrefixList.Cursor(key: last.key, value: last.value).text)
                    : .text("NextMarker", encoded(last.key)))
        }
        nodes += try page.map { try node($0) }
        return S3Answer.xml("ListBucketResult", nodes)
    }

    private func head(
        _ bucket: String, _ list: PrefixList, delimiter: String?, isTruncated: Bool
    ) -> [S3XML.Node] {
        var nodes: [S3XML.Node] = [
            .text("Name", bucket), .text("Prefix", encoded(list.prefix)), .text("MaxKeys", String(list.limit)),
            .text("IsTruncated", isTruncated ? "true" : "false"),
        ]
        if let delimiter { nodes.append(.text("Delimiter", encoded(delimiter))) }
        if value("encoding-type") == "url" { nodes.append(.text("EncodingType", "url")) }
        return nodes
    }

    private func node(_ entry: StorageStore.PageEntry) throws -> S3XML.Node {
        guard let document = entry.document else {
            return .element("CommonPrefixes", [.text("Prefix", encoded(entry.key))])
        }
        let json = try JSONText(Array(document.utf8))
        let size = if case .number(let digits)? = json["metadata"]?["size"] { digits } else { "0" }
        return .element(
            "Contents",
            [
                .text("Key", encoded(entry.key)), .text("LastModified", json["updated_at"]?.stringValue ?? ""),
                .text("ETag", json["metadata"]?["eTag"]?.stringValue ?? "\"\""), .text("Size", size),
                .text("StorageClass", "STANDARD"),
            ])
    }
}
