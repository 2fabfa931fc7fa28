"""The template keeps its own promises: every variable documented, nothing privileged, every service complete."""

import re
import unittest

import yaml

import stack


class TemplateTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = stack.compose()
        cls.extension = cls.file["x-supamanager"]
        cls.services = cls.file["services"]

    def test_has_exactly_the_services_of_the_design(self):
        self.assertEqual(set(self.services), {
            "db", "gateway", "auth", "rest", "realtime", "storage", "imgproxy", "meta", "functions", "analytics",
            "vector", "studio", "pooler"})
        self.assertEqual([name for name, service in self.services.items() if "profiles" in service], ["pooler"])

    def test_every_variable_used_is_declared_and_every_one_declared_is_used(self):
        body = {key: value for key, value in self.file.items() if key != "x-supamanager"}
        declared = {*self.extension["ports"], *self.extension["addresses"], *self.extension["ranges"],
                    *self.extension["secrets"], *self.extension["tokens"], *self.extension["api-keys"],
                    *self.extension["variables"], "PROJECT_REF", "PROJECT_NAME", "BIND_ADDRESS", "PUBLIC_URL"}
        self.assertEqual({name for name, _ in stack.references(body)} | set(stack.passed_on()), declared)

    def test_what_is_passed_on_only_with_a_value_is_optional_and_nothing_else_is(self):
        optional = {name for name, setting in self.extension["variables"].items() if setting.get("optional")}
        for name in stack.passed_on():
            self.assertIn(name, optional)
        for name, setting in self.extension["variables"].items():
            self.assertNotEqual("default" in setting, name in optional, name)
            for service in self.services.values():
                for variable, text in service.get("environment", {}).items():
                    if text is not None and name in optional and f"${{{name}" in text:
                        self.assertIn(f"${{{name}:", text, f"{variable} would be empty without {name}")

    def test_every_provider_of_identities_gets_its_redirect_address(self):
        auth = self.services["auth"]["environment"]
        providers = {name[16:-8] for name in auth if re.fullmatch(r"GOTRUE_EXTERNAL_\w+_ENABLED", name)
                     and f"{name[:-8]}_CLIENT_ID" in auth}
        self.assertGreater(len(providers), 20)
        for provider in providers:
            self.assertEqual(auth[f"GOTRUE_EXTERNAL_{provider}_REDIRECT_URI"], "${PUBLIC_URL}/auth/v1/callback")

    def test_settings_of_the_database_are_left_out_until_they_have_a_value(self):
        arguments = self.services["db"]["command"]
        plain = [stack.interpolate(argument, {}) for argument in arguments]
        self.assertNotIn("", plain)
        start = plain.index("postgres") + 1
        self.assertEqual({one for one in plain[start:] if one != "-c"}, {
            "config_file=/etc/postgresql/postgresql.conf", "log_min_messages=fatal", "temp_file_limit=10GB",
            "supamanager.unset="})
        given = [stack.interpolate(argument, {"POSTGRES_WORK_MEM": "8MB"}) for argument in arguments]
        self.assertEqual(set(given) - set(plain), {"work_mem=8MB"})

    def test_inline_defaults_say_the_same_as_the_declarations(self):
        body = {key: value for key, value in self.file.items() if key != "x-supamanager"}
        for name, default in stack.references(body):
            if "default" in self.extension["variables"].get(name, {}):
                self.assertEqual(default, self.extension["variables"][name]["default"], name)

    def test_the_readme_documents_every_variable_with_its_default(self):
        lines = (stack.TEMPLATE / "README.md").read_text(encoding="utf-8").splitlines()
        rows = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
        for name, _ in stack.references(self.file):
            self.assertIn(name, rows)
        for name, setting in self.extension["variables"].items():
            if "default" not in setting:
                self.assertIn("| the service's own |", rows[name])
            else:
                self.assertIn(f"| `{setting['default']}` |" if setting["default"] else "| empty |", rows[name])

    def test_secrets_have_the_lengths_that_the_services_demand(self):
        lengths = {name: form["length"] for name, form in self.extension["secrets"].items()}
        self.assertEqual(lengths["REALTIME_DB_ENC_KEY"], 16)
        self.assertEqual(lengths["VAULT_ENC_KEY"], 32)
        self.assertGreaterEqual(lengths["JWT_SECRET"], 32)
        self.assertGreaterEqual(lengths["SECRET_KEY_BASE"], 64)

    def test_nothing_breaks_out_of_the_project(self):
        text = (stack.TEMPLATE / "compose.yaml").read_text(encoding="utf-8")
        self.assertNotIn("docker.sock", text)
        for name, service in self.services.items():
            for key in ("privileged", "container_name", "network_mode", "pid", "ipc", "devices", "user"):
                self.assertNotIn(key, service, name)
            self.assertIn("no-new-privileges:true", service["security_opt"])
            for volume in service.get("volumes", []):
                source, _, rest = volume.partition(":")
                if source in self.file["volumes"]:
                    continue
                self.assertTrue(source.startswith("./volumes/"), volume)
                self.assertTrue(rest.endswith(":ro"), volume)
                self.assertTrue((stack.TEMPLATE / source).exists(), volume)

    # What each entry point needs; see README.md.
    CAPABILITIES = {
        "db": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"], "gateway": ["CHOWN", "SETGID", "SETUID"],
        "functions": ["CHOWN", "SETGID", "SETUID"], "realtime": ["AUDIT_WRITE", "DAC_OVERRIDE", "SETGID", "SETUID"],
        "analytics": ["DAC_OVERRIDE"], "pooler": ["DAC_OVERRIDE"],
    }

    def test_no_service_has_rights_or_memory_that_it_does_not_need(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service.get("cap_add", []), self.CAPABILITIES.get(name, []))
                self.assertEqual(service["memswap_limit"], service["mem_limit"])
        functions = self.services["functions"]
        self.assertIs(functions["read_only"], True)
        self.assertEqual(functions["cpus"], "${FUNCTIONS_CPU_LIMIT:-1}")

    def test_only_gateway_database_and_pooler_are_published_on_the_configured_address(self):
        published = {name: service["ports"] for name, service in self.services.items() if "ports" in service}
        self.assertEqual(set(published), {"db", "gateway", "pooler"})
        for ports in published.values():
            for port in ports:
                self.assertTrue(port.startswith("${BIND_ADDRESS:-127.0.0.1}:${"), port)

    def test_every_service_is_probed_limited_logged_and_restarted(self):
        for name, service in self.services.items():
            with self.subTest(name):
                (kind,) = service["x-supamanager"]["probe"]
                self.assertIn(kind, ("http", "tcp", "postgres"))
                self.assertGreater(service["x-supamanager"]["boot-seconds"], 0)
                self.assertEqual(service["restart"], "unless-stopped")
                self.assertTrue(service["mem_limit"])
                self.assertGreater(service["pids_limit"], 0)
                self.assertIn("test", service["healthcheck"])
                options = service["logging"]["options"]
                self.assertTrue("cache-max-size" in options or "max-size" in options)
                for network, place in service["networks"].items():
                    prefix = "ADMIN_" if network == "admin" and name not in ("meta", "studio") else ""
                    self.assertEqual(place["ipv4_address"], "${%s%s_ADDRESS}" % (prefix, name.upper()))

    def test_meta_and_studio_are_with_those_alone_who_have_to_reach_them(self):
        places = {name: set(service["networks"]) for name, service in self.services.items()}
        self.assertEqual({name for name in places if "admin" in places[name]},
                         {"meta", "studio", "gateway", "db", "analytics"})
        self.assertEqual({name for name in places if "default" not in places[name]}, {"meta", "studio"})

    def test_fixed_addresses_are_distinct_and_in_their_networks_outside_of_the_dynamic_ranges(self):
        addresses = self.extension["addresses"]
        numbers = list(addresses.values())
        self.assertEqual(len(numbers), len(set(numbers)))

        def hosts(name):
            span = self.extension["ranges"][name]
            length = 2 ** (32 - span["prefix"])
            self.assertEqual(span["first"] % length, 0)
            return set(range(span["first"], span["first"] + length))
        for subnet, dynamic, admin in (("DEFAULT_SUBNET", "DYNAMIC_RANGE", False),
                                       ("ADMIN_SUBNET", "ADMIN_DYNAMIC_RANGE", True)):
            own = {number for name, number in addresses.items()
                   if (name.startswith("ADMIN_") or name in ("META_ADDRESS", "STUDIO_ADDRESS")) == admin}
            self.assertLessEqual(own, set(sorted(hosts(subnet))[1:-1]))
            self.assertLess(hosts(dynamic), hosts(subnet))
            self.assertFalse(own & hosts(dynamic))

    def test_gateway_knows_every_upstream_by_a_fixed_address(self):
        text = (stack.TEMPLATE / "volumes/api/envoy.yaml").read_text(encoding="utf-8")
        envoy = yaml.safe_load(text)
        known = {entry.split(":")[0] for entry in self.services["gateway"]["extra_hosts"]}
        self.assertEqual({cluster["name"] for cluster in envoy["static_resources"]["clusters"]}, known)
        # Envoy reads more words as booleans than this parser does.
        for line in text.splitlines():
            self.assertNotRegex(line.partition("#")[0], r":\s*(y|n|yes|no|on|off)\s*(,|}|$)")


if __name__ == "__main__":
    unittest.main()
