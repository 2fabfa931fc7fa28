import DataPlaneCore

/// Who is present on a topic: key, and under it one value for each connection that tracks one.
struct PresenceBook: Sendable {
    /// A tracked value.
    struct Meta: Sendable, Equatable {
        var ref: String
        var previousRef: String?
        var payload: [JSONText.Member]

        var json: JSONText {
            let previous = previousRef.map { [JSONText.Member("phx_ref_prev", .string($0))] } ?? []
            let own = payload.filter { $0.name != "phx_ref" && $0.name != "phx_ref_prev" }
            return .object([.init("phx_ref", .string(ref))] + previous + own)
        }
    }

    /// What came and what went, as clients see it.
    struct Diff: Sendable, Equatable {
        var key: String
        var joined: Meta?
        var left: Meta?

        var json: JSONText {
            .object([.init("joins", Self.side(key, joined)), .init("leaves", Self.side(key, left))])
        }

        private static func side(_ key: String, _ meta: Meta?) -> JSONText {
            .object(meta.map { [.init(key, PresenceBook.metas([$0]))] } ?? [])
        }
    }

    private struct Entry: Sendable {
        var key: String
        var meta: Meta
    }

    /// In the order in which they came.
    private var entries: [(owner: SocketID, entry: Entry)] = []

    var isEmpty: Bool { entries.isEmpty }

    /// Tracks a value in place of the connection's last one. Nil when nothing changes.
    mutating func track(
        _ payload: [JSONText.Member], as key: String, by owner: SocketID, ref: String
    ) -> Diff? {
        guard let index = entries.firstIndex(where: { $0.owner == owner }) else {
            let meta = Meta(ref: ref, previousRef: nil, payload: payload)
            entries.append((owner, Entry(key: key, meta: meta)))
            return Diff(key: key, joined: meta, left: nil)
        }
        let old = entries[index].entry.meta
        guard old.payload != payload else { return nil }
        let meta = Meta(ref: ref, previousRef: old.ref, payload: payload)
        entries[index].entry.meta = meta
        return Diff(key: key, joined: meta, left: old)
    }

    /// Takes the connection's value away. Nil when it has none.
    mutating func untrack(_ owner: SocketID) -> Diff? {
        guard let index = entries.firstIndex(where: { $0.owner == owner }) else { return nil }
        let (_, entry) = entries.remove(at: index)
        return Diff(key: entry.key, joined: nil, left: entry.meta)
    }

    /// Everything, as `presence_state` has it.
    var state: JSONText {
        var keys: [String] = []
        var metas: [String: [Meta]] = [:]
        for (_, entry) in entries {
            if metas[entry.key] == nil { keys.append(entry.key) }
            metas[entry.key, default: []].append(entry.meta)
        }
        return .object(keys.map { .init($0, Self.metas(metas[$0] ?? [])) })
    }

    private static func metas(_ metas: [Meta]) -> JSONText {
        .object([.init("metas", .array(metas.map(\.json)))])
    }
}
