/**
 * An amount with its currency, exact: `270, 2, 'EUR'` gives `2.70 EUR`; `406, 3, 'USD'` gives `0.406 USD`. Of thousandths
 * the last digit is left out where it is 0: `10200, 3, 'USD'` gives `10.20 USD`.
 */
export function formatAmount(units: number, decimals: 2 | 3, currency: string): string {
  const digits = String(units).padStart(decimals + 1, '0');
  const [whole, fraction] = [digits.slice(0, -decimals), digits.slice(-decimals)];
  return `${whole}.${fraction.length === 3 ? fraction.replace(/0$/, '') : fraction} ${currency}`;
}
