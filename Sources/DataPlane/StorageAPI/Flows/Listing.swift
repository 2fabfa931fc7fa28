import DataPlaneCore

/// Lists of objects.
extension StorageCall {
    func list(_ bucket: String) async throws -> ServiceResponse {
        let list = try FolderList(try json())
        let scope = scope("storage.object.list")
        return Self.response(
            document: try await database.asCaller(scope) { try await $0.documents(list, in: bucket) })
    }

    func listV2(_ bucket: String) async throws -> ServiceResponse {
        let list = try PrefixList(try json())
        let entries = try await database.asCaller(scope("storage.object.list_v2")) {
            try await $0.page(list, in: bucket)
        }
        let page = entries.prefix(list.limit)
        let hasNext = entries.count > list.limit
        var members = [JSONText.Member("hasNext", .bool(hasNext))]
        if hasNext, let last = page.last {
            members.append(.init("nextCursor", .string(PrefixList.Cursor(key: last.key, value: last.value).text)))
            members.append(.init("nextCursorKey", .string(last.key)))
        }
        let folders = page.filter { $0.document == nil }.map { entry -> JSONText in
            .object([.init("key", .string(String(entry.key.dropLast()))), .init("name", .string(entry.key))])
        }
        let objects = try page.compactMap(\.document).map { try Self.entry($0) }
        members += [.init("folders", .array(folders)), .init("objects", .array(objects))]
        return ServiceResponse(status: 200, json: .object(members))
    }

    private static let entryMembers: Set<String> = [
        "id", "name", "updated_at", "created_at", "last_accessed_at", "metadata",
    ]

    private static func entry(_ document: String) throws -> JSONText {
        guard case .object(let members) = try JSONText(Array(document.utf8)) else { return .null }
        var kept = members.filter { entryMembers.contains($0.name) }
        if let name = kept.first(where: { $0.name == "name" })?.value { kept.insert(.init("key", name), at: 0) }
        return .object(kept)
    }
}
