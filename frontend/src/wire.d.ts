/** An amount in minor units of its currency. */
export interface Money {
  amount: number;
  currency: string;
}

/** What a shopper may be told about a quantity of one SKU. */
export interface Availability {
  sku: string;
  title: string | null;
  requested: number;
  status: "in_stock" | "low_stock" | "backorder" | "preorder" | "out_of_stock" | "discontinued" | "unknown";
  orderable: boolean;
  ships_by: string | null;
  delivers_by: string | null;
  slices: { quantity: number; ships_by: string; ready: boolean; text: string }[];
  max_orderable: number | null;
  reason: { code: string; text: string } | null;
  offer: { rule: string; kind: string; text: string } | null;
  text: { label: string; date: string | null; delivery?: string; detail: string | null };
  lang: string;
  schema_org: string;
  valid_until: string | null;
  revision: number;
}

/** One way to send a cart. */
export interface PlanOption {
  kind: "together" | "separate";
  shipments: { ships_by: string; lines: { sku: string; quantity: number }[] }[];
  surcharge: Money;
  last_ships_by: string;
  text: { name: string; price: string; when: string; parcels: { date: string; items: string }[]; announcement: string };
}

/** The ways to send a cart. */
export interface Plans {
  lines: Availability[];
  options: PlanOption[];
  default: "together" | "separate";
  policy: { split: "off" | "free" | "flat" | "per_extra_parcel"; amount: Money; parcels_max: number };
  offer?: { rule: string; kind: string; text: string } | null;
  text: { legend: string; notices: string[] };
  lang: string;
  as_of: string;
  revision: number;
}

/** How an order stands; every text is ready to show. */
export interface OrderPage {
  lang: string;
  dir: "ltr" | "rtl";
  shop: string;
  order: string;
  title: string;
  placed_at: string;
  placed: string;
  status: "open" | "part_shipped" | "shipped" | "cancelled";
  status_text: string;
  lines: {
    line: number;
    sku: string;
    title: string;
    quantity: number;
    waiting: number;
    shipped: number;
    cancelled: number;
    ships_by: string | null;
    parts: { quantity: number; state: "shipped" | "ready" | "waiting" | "cancelled"; ships_by: string | null; text: string; delivery: string | null }[];
    reason: string | null;
    changes: { was: string | null; now: string | null; text: string; cause: string }[];
  }[];
  offer: { text: string; how: string; code: string } | null;
  asked: { answered: boolean; heading: string; silence: string } | null;
  extra_periods: { status: "offered" | "running" | "passed"; heading: string; items: { quantity: number; title: string }[]; text: string }[];
  parcels: { text: string; carrier: string | null; tracking_number: string | null; items: { quantity: number; title: string }[] }[];
  money: { total: string; facts: string[]; due: { text: string; kept: string | null; pay_url: string | null }[] } | null;
  cancellable: boolean;
  text: Record<string, string>;
  as_of: string;
}

/** Why there is no answer. */
export interface Failure {
  code?: string;
  status?: number;
  title?: string;
  detail?: string;
}
