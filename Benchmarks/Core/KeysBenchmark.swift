import ArgumentParser
import ComposeTemplates
import Orchestrator
import ProjectKeys
import ProjectModel
import TokenKit

/// All keys of one project, minted and sealed, and opened again, beside the bare libcrypto calls that this needs at
/// least.
struct KeysBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Mint, seal and open a project's keys beside bare libcrypto calls.")

    @Option(help: "Folder of the template.")
    var template = "Templates/supabase"

    @OptionGroup var options: Rounds

    func run() throws {
        let renderer = ComposeStackRenderer(
            template: try StackTemplate(folder: template),
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil, projectsFolder: "/projects"))
        let needs = try renderer.requirements(services: nil)
        guard let ref = ProjectRef("abcdefghijklmnopqrst") else { throw ValidationError("the ref is not valid") }
        let minter = SealingKeyMinter(
            master: try MasterKey(try KeyBytes.random(count: MasterKey.byteCount)), installation: "benchmark000")
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        let sealed = try minter.mint(needs, for: ref, given: [:], at: now)
        let key = try KeyBytes.random(count: 32)
        let message = [UInt8](repeating: 120, count: 160)
        let found = try medians(
            options.rounds, repeats: 50,
            [
                ("bare", { try bareCalls(needs, key: key, message: message) }),
                ("mint", { _ = try minter.mint(needs, for: ref, given: [:], at: now) }),
                ("open", { _ = try minter.open(sealed, of: ref) }),
            ])
        try Figures(
            benchmark: "keys", rounds: options.rounds,
            microseconds: ["bare libcrypto calls": found[0], "mint and seal": found[1], "open": found[2]],
            ratios: ["mint / bare calls": found[1] / found[0], "open / bare calls": found[2] / found[0]]
        ).show(json: options.json)
    }

    /// Random bytes for each secret, one HMAC for each token, and one sealing for each value.
    private func bareCalls(_ needs: StackRequirements, key: KeyBytes, message: [UInt8]) throws {
        for secret in needs.secrets { _ = try KeyBytes.random(count: secret.length) }
        for _ in needs.tokens { _ = try Digest.hmacSHA256(message, key: key) }
        for _ in 0..<(needs.secrets.count + needs.tokens.count) {
            _ = try SealedBox.seal(message, key: key, context: message)
        }
    }
}
