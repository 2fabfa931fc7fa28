import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("Plans for networks and those who are on them")
struct ReconcileNetworksTests {
    @Test("networks that an older template had go first, with what is on them: their subnets may overlap new ones")
    func changedNetworks() throws {
        var both = Stacks.service(.db)
        both.spec.networks.append(.init(network: "p_inner"))
        let new = try Stacks.stack(
            [both, Stacks.service(.auth)], networks: ["p_default": "10.201.0.0/28", "p_inner": "10.201.0.16/29"])
        #expect(Stacks.plan(new, Stacks.observed(new)) == "")

        var observed = Stacks.observed(new)
        observed.networks[1].name = "p_old"
        observed.networks[1].subnet = IPv4Network("10.201.0.16/28")
        observed.set(.db) { $0.attachments = [.init(network: "p_default"), .init(network: "p_old")] }
        #expect(
            Stacks.plan(new, observed) == """
                [] -> #1 db StopContainer, its network changes
                [1] -> #2 db RemoveContainer, its network changes
                [2] -> #3 network p_old RemoveNetwork, the template has no place for it
                [3] -> #4 network inner CreateNetwork, not found
                [2, 4] -> #5 db CreateContainer, its network has changed
                [5] -> #6 db StartContainer, just created
                """)
    }

    @Test("what runs on a network that changes stops in order before it goes: the database last")
    func runningContainers() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack)
        observed.networks[0].subnet = IPv4Network("10.201.0.32/27")
        let plan = Stacks.plan(stack, observed).split(separator: "\n").prefix(9).joined(separator: "\n")
        #expect(
            plan == """
                [] -> #1 gateway StopContainer, its network changes
                [1] -> #2 rest StopContainer, its network changes
                [1] -> #3 auth StopContainer, its network changes
                [2, 3] -> #4 db StopContainer, its network changes
                [3] -> #5 auth RemoveContainer, its network changes
                [4] -> #6 db RemoveContainer, its network changes
                [1] -> #7 gateway RemoveContainer, its network changes
                [2] -> #8 rest RemoveContainer, its network changes
                [5, 6, 7, 8] -> #9 network p_default RemoveNetwork, its subnet is not the leased one
                """)
    }

    @Test("a container whose creation ended before it had joined all its networks is made again, not started")
    func halfJoined() throws {
        var db = Stacks.service(.db)
        db.spec.networks.append(.init(network: "p_inner"))
        let stack = try Stacks.stack([db], networks: ["p_default": "10.201.0.0/28", "p_inner": "10.201.0.16/29"])
        var observed = Stacks.observed(stack, .created)
        observed.set(.db) { $0.attachments.removeLast() }
        #expect(
            Stacks.plan(stack, observed) == """
                [] -> #1 db RemoveContainer, it has not joined all its networks
                [1] -> #2 db CreateContainer, it has not joined all its networks
                [2] -> #3 db StartContainer, just created
                """)
    }

    @Test("a network with another subnet is made again, with every container on it")
    func wrongSubnet() throws {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack, .created)
        observed.networks[0].subnet = IPv4Network("10.201.0.32/27")
        #expect(
            Stacks.plan(stack, observed) == """
                [] -> #1 auth RemoveContainer, its network changes
                [] -> #2 db RemoveContainer, its network changes
                [] -> #3 gateway RemoveContainer, its network changes
                [] -> #4 rest RemoveContainer, its network changes
                [1, 2, 3, 4] -> #5 network p_default RemoveNetwork, its subnet is not the leased one
                [5] -> #6 network default CreateNetwork, its subnet has changed
                [2, 6] -> #7 db CreateContainer, its network has changed
                [7] -> #8 db StartContainer, just created
                [1, 6] -> #9 auth CreateContainer, its network has changed
                [4, 6] -> #10 rest CreateContainer, its network has changed
                [3, 6] -> #11 gateway CreateContainer, its network has changed
                auth waits, db is not ready
                rest waits, db is not ready
                gateway waits, auth is not ready
                """)
    }

    @Test("a container that was taken off the network, or has another address than its own, is replaced")
    func disconnected() throws {
        let stack = try Stacks.stack([Stacks.service(.db)])
        let replacement = """
            [] -> #1 db StopContainer, it was disconnected from the project's network
            [1] -> #2 db RemoveContainer, it was disconnected from the project's network
            [2] -> #3 db CreateContainer, it was disconnected from the project's network
            [3] -> #4 db StartContainer, just created
            """
        var observed = Stacks.observed(stack)
        observed.set(.db) { $0.attachments = [] }
        #expect(Stacks.plan(stack, observed) == replacement)

        var fixed = stack
        fixed.services[.db]?.spec.networks = [.init(network: "p_default", address: IPv4Address("10.201.0.2"))]
        observed.set(.db) { $0.attachments = [.init(network: "p_default", address: IPv4Address("10.201.0.9"))] }
        #expect(Stacks.plan(fixed, observed) == replacement)
        observed.set(.db) { $0.attachments = [.init(network: "p_default", address: IPv4Address("10.201.0.2"))] }
        #expect(Stacks.plan(fixed, observed) == "")
    }
}
