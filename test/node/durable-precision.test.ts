/** Readers go by durable policy: how exactly a dealer is told changes when the policy is durable, as figures do. */
import { expect, test } from "vitest";
import { NodeHarness } from "./node-harness.js";

const attribution = { actor: "", reason: "" };

test("a dealer is told by the policies that are durable, before and after a crash", async () => {
  const node = await NodeHarness.start();
  await node.receive("A", 60);
  const dealer = { dealerId: "D1", name: "", warehouseId: "W1" };
  await node.ask({ kind: "PutDealer", dealer, attribution }, () => "put");
  const precision = () => {
    const page = node.node.ports.availability.read({
      ...{ dealerId: "D1", warehouseId: "", skus: ["A"] },
      ...{ pageSize: 100, pageToken: "" },
    });
    return "reason" in page ? page : page.precision;
  };
  const put = (availabilityCap: number) => {
    const scope = { warehouseId: "W1", sku: "", dealerId: "" };
    const fields = { availabilityPrecision: "CAPPED", availabilityCap } as const;
    node.submit({ kind: "PutPolicy", scope, fields, attribution }, []);
    return node.settle();
  };
  expect(precision()).toEqual({ precision: "EXACT", cap: 50 });

  node.gate.close();
  await put(9);
  expect(node.gate.waiting).toBe(1);
  expect(precision()).toEqual({ precision: "EXACT", cap: 50 });
  node.gate.open();
  await node.settle();
  expect(precision()).toEqual({ precision: "CAPPED", cap: 9 });

  // Two that change one policy in the same block are shown as the later one.
  node.gate.close();
  await put(8);
  await put(7);
  await put(6);
  expect(precision()).toEqual({ precision: "CAPPED", cap: 9 });
  node.gate.open();
  await node.settle();
  expect(precision()).toEqual({ precision: "CAPPED", cap: 6 });
  expect(node.failures).toEqual([]);

  node.gate.close();
  await put(1);
  await node.restart();
  expect(precision()).toEqual({ precision: "CAPPED", cap: 6 });
});
