import APIKit
import Orchestrator
import ProjectModel
import Synchronization

/// Sign-ins of the command line that were approved in a browser and not fetched yet. They are in memory: after a
/// restart the user approves again.
final class DeviceLogins: Sendable {
    /// Longest time between approval and fetching.
    static let lifetime: Duration = .seconds(300)
    /// Sign-ins that wait at most; the oldest goes when there are more.
    static let waitingMax = 1_000
    /// Wrong codes after which a sign-in is gone.
    static let wrongCodesMax = 3
    /// Characters of the nonce that people type in as the verification code.
    static let codeLength = 8

    /// A sign-in that waits.
    struct Waiting: Sendable, Equatable {
        let session: String
        let at: Timestamp
        let sealed: SealedDeviceToken
        fileprivate(set) var wrongCodes = 0

        init(session: String, at: Timestamp, sealed: SealedDeviceToken) {
            self.session = session
            self.at = at
            self.sealed = sealed
        }

        fileprivate var code: Substring { sealed.nonce.prefix(codeLength) }
    }

    /// The outcome of fetching one.
    enum Outcome: Sendable, Equatable {
        case opened(Waiting)
        case unknown
        case wrongCode
    }

    private let waiting = Mutex<[String: Waiting]>([:])

    /// Whether a sign-in of this name waits already.
    func isWaiting(_ session: String, at now: Timestamp) -> Bool {
        waiting.withLock { $0[session].map { Self.isFresh($0, at: now) } ?? false }
    }

    /// Lets one wait, unless one of its name does: of two approvals at the same time the first counts.
    func add(_ login: Waiting) {
        waiting.withLock { waiting in
            waiting = waiting.filter { Self.isFresh($1, at: login.at) }
            guard waiting[login.session] == nil else { return }
            if waiting.count >= Self.waitingMax, let oldest = waiting.values.min(by: { $0.at < $1.at }) {
                waiting[oldest.session] = nil
            }
            waiting[login.session] = login
        }
    }

    /// Fetches one, which works once.
    func fetch(_ session: String, code: String, at now: Timestamp) -> Outcome {
        waiting.withLock { waiting in
            guard var login = waiting[session], Self.isFresh(login, at: now) else {
                waiting[session] = nil
                return .unknown
            }
            guard login.code == code else {
                login.wrongCodes += 1
                waiting[session] = login.wrongCodes < Self.wrongCodesMax ? login : nil
                return .wrongCode
            }
            waiting[session] = nil
            return .opened(login)
        }
    }

    private static func isFresh(_ login: Waiting, at now: Timestamp) -> Bool {
        (.zero..<lifetime).contains(now.since(login.at))
    }
}
