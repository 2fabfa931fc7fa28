import Orchestrator
import PostgresKit
import ProjectModel
import TokenKit

/// SQL of the table `idempotency_keys`. Of the payload only a keyed digest is stored; rows of a version before have a
/// plain one until ``keyDigests(in:)``.
struct IdempotencyRows {
    let digester: any PayloadDigester

    /// The holder of the advisory lock works on the key; the lock ends with the transaction.
    func claim(
        _ key: IdempotencyKey, at time: Timestamp, in session: some PostgresSession
    ) async throws -> IdempotencyClaim {
        let lock = try await session.single(
            "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as mine",
            [.text("idempotency \(key.account) \(key.credential) \(key.text)")])
        guard try lock.bool("mine") else { return .inProgress }
        let oldest = time + .seconds(-IdempotencyKey.lifetime.components.seconds)
        let row = try await session.first(
            """
            select payload, is_keyed, begun_at, status, header_names, header_values, sealed_body from idempotency_keys
            where account = $1 and credential = $2 and key = $3 and begun_at > $4
            """,
            [
                .text(key.account), .text(key.credential), .text(key.text),
                .timestamp(oldest.postgres),
            ])
        guard let row else {
            // What is too old to count must not stand in the way of the new row.
            try await release(key, in: session)
            return try await hasRoom(for: key, since: oldest, in: session) ? .new : .full
        }
        let stored = try row.bytes("payload")
        let known = try row.bool("is_keyed") ? stored : digester.digest(ofSHA256: stored)
        guard try known == digest(key) else { return .otherPayload }
        guard let status = try row.optionalInt("status") else {
            let since = Timestamp(try row.timestamp("begun_at"))
            return time.since(since) < IdempotencyKey.inProgressMax ? .inProgress : .interrupted(since: since)
        }
        let names = try row.textArray("header_names")
        return .answered(
            StoredAnswer(
                status: status, headers: Dictionary(zip(names, try row.textArray("header_values"))) { $1 },
                sealedBody: try row.bytes("sealed_body")))
    }

    private func hasRoom(
        for key: IdempotencyKey, since oldest: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        let row = try await session.single(
            """
            select count(*) as count, coalesce(sum(octet_length(sealed_body)), 0)::bigint as bytes from idempotency_keys
            where account = $1 and begun_at > $2 and starts_with(credential, $3) = $4
            """,
            [
                .text(key.account), .timestamp(oldest.postgres), .text(IdempotencyKey.sessionPrefix),
                .bool(key.isOfSession),
            ])
        return try IdempotencyKey.hasRoom(answers: row.int("count"), bytes: row.int("bytes"))
    }

    func begin(
        _ key: IdempotencyKey, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            insert into idempotency_keys (account, credential, key, payload, is_keyed, begun_at)
            values ($1, $2, $3, $4, true, $5)
            """,
            [
                .text(key.account), .text(key.credential), .text(key.text), .bytes(digest(key)),
                .timestamp(time.postgres),
            ])
    }

    func keep(
        _ answer: StoredAnswer, for key: IdempotencyKey, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        let headers = answer.headers.sorted { $0.key < $1.key }
        try await session.execute(
            """
            insert into idempotency_keys
                (account, credential, key, payload, is_keyed, begun_at, status, header_names, header_values,
                sealed_body)
            values ($1, $2, $3, $4, true, $5, $6, $7, $8, $9)
            on conflict (account, credential, key) do update
                set status = $6, header_names = $7, header_values = $8, sealed_body = $9
            """,
            [
                .text(key.account), .text(key.credential), .text(key.text), .bytes(digest(key)),
                .timestamp(time.postgres), .int(answer.status), .textArray(headers.map(\.key)),
                .textArray(headers.map(\.value)), .bytes(answer.sealedBody),
            ])
    }

    func release(_ key: IdempotencyKey, in session: some PostgresSession) async throws {
        try await session.execute(
            "delete from idempotency_keys where account = $1 and credential = $2 and key = $3",
            [.text(key.account), .text(key.credential), .text(key.text)])
    }

    static func expire(before time: Timestamp, in session: some PostgresSession) async throws -> Int {
        try await session.execute("delete from idempotency_keys where begun_at < $1", [.timestamp(time.postgres)])
    }

    private func digest(_ key: IdempotencyKey) throws -> [UInt8] {
        try digester.digest(ofSHA256: Digest.sha256(key.payload))
    }

    /// Plain digests that one statement replaces at most.
    private static let batchMax = 500

    /// Replaces plain digests by keyed ones; gives how many different ones, none when there are no more.
    func keyDigests(in session: some PostgresSession) async throws -> Int {
        let plain = try await session.query(
            "select distinct payload from idempotency_keys where not is_keyed limit $1", [.int(Self.batchMax)]
        ).map { try $0.bytes("payload") }
        guard !plain.isEmpty else { return 0 }
        let keyed = try plain.map { try digester.digest(ofSHA256: $0) }
        try await session.execute(
            """
            update idempotency_keys set payload = decode(new.keyed, 'hex'), is_keyed = true
            from unnest($1::text[], $2::text[]) as new (plain, keyed)
            where not is_keyed and payload = decode(new.plain, 'hex')
            """, [.textArray(plain.map(Hex.encode)), .textArray(keyed.map(Hex.encode))])
        return plain.count
    }
}
