import AuthAPI
import DataPlaneCore
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the keys of tokens again at SIGHUP. Keys that cannot be used change nothing.
struct TokenKeyLoop: ServiceLifecycle.Service {
    let settings: TokenKeySettings
    let auth: AuthService?
    let rest: TokenVerifier?
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { reload() }
        }
    }

    private func reload() {
        do throws(SettingProblem) {
            // Both are read before one is replaced.
            let signing = try auth.map { _ throws(SettingProblem) in try settings.signing() }
            let checking = try rest.map { _ throws(SettingProblem) in try settings.checking() }
            if let signing { auth?.replaceKeys(signing) }
            if let checking { rest?.replaceKeys(checking) }
            logger.notice("the keys of tokens were read again")
        } catch {
            logger.error(
                "the keys of tokens cannot be read again; those of before stay", metadata: ["why": "\(error)"])
        }
    }
}
