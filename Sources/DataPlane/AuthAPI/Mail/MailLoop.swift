import PostgresKit
import TokenKit

/// Sends a mail, or says why not.
public protocol MailSender: Sendable {
    /// Hands a message over to the mail server.
    ///
    /// - Parameters:
    ///   - message: as RFC 5322 has it, lines end in CR LF.
    func send(_ message: String, from sender: String, to address: String) async throws
}

/// Sends the mails that wait in the database, one after the other, and tries again those that could not be sent.
public struct MailLoop: Sendable {
    /// Tries of one mail, after which it is given up.
    static let attemptsMax = 6
    /// Longest time between two looks at the table.
    static let lookInterval: Duration = .seconds(30)
    /// How long a mail belongs to the server that sends it; a mail server has less time to take it.
    private static let holdSeconds = 120
    /// Mails that are sent in one go.
    static let batchMax = 100

    private let service: AuthService
    private let sender: any MailSender
    private let from: String
    private let report: @Sendable (String) -> Void

    /// A loop.
    ///
    /// - Parameter report: takes what operators must know of failures; never an address or a code.
    public init(
        service: AuthService, configuration: MailConfiguration, sender: any MailSender,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.service = service
        self.sender = sender
        from = configuration.sender
        self.report = report
    }

    /// Sends until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in service.wishesForMail { await sendWaiting() }
            }
            group.addTask {
                while !Task.isCancelled {
                    service.wakeMailLoop()
                    do { try await Task.sleep(for: Self.lookInterval) } catch { return }
                }
            }
        }
    }

    /// Sends what is due.
    func sendWaiting() async {
        guard service.isReady else { return }
        for _ in 0..<Self.batchMax where !Task.isCancelled {
            do {
                guard try await sendNext() else { return }
            } catch {
                report("mails that wait cannot be read; they are tried again")
                return
            }
        }
    }

    /// Whether there was one. The mail is this server's for a while: two do not send it at once.
    private func sendNext() async throws -> Bool {
        let row = try await service.pool.first(
            """
            UPDATE auth.projectd_mails SET next_attempt_at = now() + $1::int * interval '1 second'
            WHERE id = (SELECT id FROM auth.projectd_mails WHERE next_attempt_at <= now()
              ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, kind, content, attempts
            """, [.int(Self.holdSeconds)])
        guard let row else { return false }
        let id = try row.int64("id")
        let kind = try row.string("kind")
        let attempts = try row.int("attempts") + 1
        guard let mail = WaitingMail(sealed: try row.string("content"), key: service.keys.codeKey) else {
            report("a \(kind) mail was sealed with another JWT secret and is dropped")
            try await delete(id)
            return true
        }
        do {
            try await sender.send(mail.text, from: from, to: mail.to)
        } catch {
            try await postpone(id, kind: kind, attempts: attempts, reason: "\(error)")
            return true
        }
        try await delete(id)
        return true
    }

    private func delete(_ id: Int64) async throws {
        try await service.pool.execute("DELETE FROM auth.projectd_mails WHERE id = $1", [.int(id)])
    }

    private func postpone(_ id: Int64, kind: String, attempts: Int, reason: String) async throws {
        guard attempts < Self.attemptsMax else {
            report("gave up on a \(kind) mail after \(attempts) attempts: \(reason)")
            try await delete(id)
            return
        }
        let wait = Self.waitSeconds(attempts: attempts)
        report("a \(kind) mail could not be sent and is tried again in \(wait) s: \(reason)")
        try await service.pool.execute(
            """
            UPDATE auth.projectd_mails SET attempts = $2, next_attempt_at = now() + $3::int * interval '1 second'
            WHERE id = $1
            """, [.int(id), .int(attempts), .int(wait)])
    }

    /// 10 s, 40 s, 160 s …
    static func waitSeconds(attempts: Int) -> Int {
        (1..<max(1, attempts)).reduce(10) { wait, _ in min(wait * 4, 3_600) }
    }
}
