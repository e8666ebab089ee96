import scales from '../scales.svg';

export function Brand() {
  return (
    <span className="jeoul-brand">
      <img src={scales} alt="" />
      Jeoul
    </span>
  );
}
