import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the keys of tokens again at SIGHUP. Keys that cannot be used change nothing.
struct TokenKeyLoop: ServiceLifecycle.Service {
    let settings: TokenKeySettings
    let parts: ServiceParts
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { reload() }
        }
    }

    private func reload() {
        do throws(SettingProblem) {
            try parts.replaceTokenKeys(from: settings)
            logger.notice("the keys of tokens were read again")
        } catch {
            logger.error(
                "the keys of tokens cannot be read again; those of before stay", metadata: ["why": "\(error)"])
        }
    }
}
